/** How large a picture is shown: whole in its box, never enlarged but by a whole factor. */

/**
 * @param {{width: number, height: number}} picture  Its own pixels.
 * @param {{width: number, height: number}} box  Room in CSS pixels.
 * @param {number} [ratio]  Device pixels per CSS pixel.
 * @returns {{width: number, height: number, factor: number}} CSS pixels; factor in device pixels
 */
export function fit(picture, box, ratio = window.devicePixelRatio || 1) {
  const room = Math.min(box.width / picture.width, box.height / picture.height) * ratio;
  const factor = room >= 1 ? Math.floor(room) : Math.max(room, 1 / Math.max(picture.width, picture.height));
  return {
    width: (picture.width * factor) / ratio,
    height: (picture.height * factor) / ratio,
    factor,
  };
}

/** A pixel enlarged by a whole factor is a square of its own colour, not a blur. @param {number} factor */
export const rendering = (factor) => (factor > 1 ? "pixelated" : "auto");

/**
 * Size an image for its box.
 *
 * @param {HTMLImageElement} image  Its width and height attributes are the picture's own.
 * @param {{width: number, height: number}} box
 * @returns {{width: number, height: number}} Its size now, in CSS pixels.
 */
export function place(image, box) {
  const own = {
    width: Number(image.getAttribute("width")),
    height: Number(image.getAttribute("height")),
  };
  const { width, height, factor } = fit(own, box);
  image.style.width = `${width}px`;
  image.style.height = `${height}px`;
  image.style.imageRendering = rendering(factor);
  return { width, height };
}
