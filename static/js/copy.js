/** Put words on the clipboard, also where the browser has none to offer. */

/** @param {string} words @param {HTMLElement} element  Shows them. @returns {Promise<boolean>} */
export async function copy(words, element) {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch {
    // Plain http has no clipboard: select the words, so that one key copies them.
    window.getSelection()?.selectAllChildren(element);
    return document.execCommand("copy");
  }
}
