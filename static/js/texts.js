/** The page's words: they lie in the page, translated by the server, never in a script. */

/**
 * @callback Text
 * @param {string} key
 * @param {Record<string, string | number>} [values]  `n` also chooses the plural form.
 * @returns {string}
 */

/**
 * @param {ParentNode} [root]  Holds `<template data-texts>` with `<p data-key data-plural>` inside.
 * @param {string} [language]
 * @returns {Text}
 */
export function readTexts(root = document, language = document.documentElement.lang || "en") {
  /** @type {Map<string, string>} */
  const words = new Map();
  const holder = root.querySelector("template[data-texts]");
  for (const element of holder ? holder.content.querySelectorAll("[data-key]") : []) {
    const { key, plural } = element.dataset;
    words.set(plural ? `${key}/${plural}` : key, element.textContent.trim());
  }
  const plurals = new Intl.PluralRules(language);
  return (key, values = {}) => {
    const form = typeof values.n === "number" ? plurals.select(values.n) : "other";
    const found = words.get(`${key}/${form}`) ?? words.get(`${key}/other`) ?? words.get(key) ?? key;
    return found.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
  };
}
