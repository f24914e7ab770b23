/** The greys of the stage: the surround that the study chose, and all that is seen on it. */

const LEGIBLE = 4.5;

/** @param {number} level  Grey from 0 to 255. @returns {number} Relative luminance, WCAG 2.2. */
function luminance(level) {
  const share = level / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}

/** @param {number} one @param {number} other @returns {number} Contrast of two greys, 1 to 21. */
export function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/**
 * Black ink wherever it is legible, else white: one of them always is. What text may stand on
 * differs from the surround away from the ink, so that it is no less legible there.
 *
 * @param {number} surround
 * @returns {Record<string, number>} Grey by the style sheet's name for it.
 */
export function shades(surround) {
  const ink = contrast(surround, 0) >= LEGIBLE ? 0 : 255;
  const away = (/** @type {number} */ steps) => {
    const level = surround + (ink === 0 ? steps : -steps);
    return level >= 0 && level <= 255 ? level : surround + (ink === 0 ? -steps : steps);
  };
  const inverse = (/** @type {number} */ level) => (ink === 0 ? level : 255 - level);
  return {
    stage: surround,
    "stage-ink": ink,
    "stage-rule": away(-34),
    "stage-sunken": away(8),
    "stage-raised": away(18),
    "stage-button": inverse(30),
    "stage-button-hover": inverse(0),
    "stage-button-ink": inverse(233),
    "stage-focus": ink,
    "stage-focus-halo": inverse(242),
  };
}

/** @param {number} surround  Grey from 0 to 255, for this page from now on. */
export function paintSurround(surround) {
  for (const [name, level] of Object.entries(shades(surround))) {
    document.documentElement.style.setProperty(`--${name}`, `rgb(${level} ${level} ${level})`);
  }
}
