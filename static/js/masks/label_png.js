/** A label map as an 8-bit grey PNG: one number per pixel, exactly. A canvas only writes colours. */

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** @param {Uint8Array} bytes @returns {number} CRC-32 as PNG has it. */
function crc32(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = TABLE[(value ^ byte) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

/** @param {string} kind @param {Uint8Array} body @returns {Uint8Array} */
function chunk(kind, body) {
  const made = new Uint8Array(body.length + 12);
  const view = new DataView(made.buffer);
  view.setUint32(0, body.length);
  made.set(new TextEncoder().encode(kind), 4);
  made.set(body, 8);
  view.setUint32(body.length + 8, crc32(made.subarray(4, body.length + 8)));
  return made;
}

/**
 * @param {Uint8Array} labels  width × height, row by row.
 * @param {number} width
 * @param {number} height
 * @returns {Promise<Blob>}
 */
export async function encode(labels, width, height) {
  const rows = new Uint8Array((width + 1) * height); // each row begins with filter 0
  for (let y = 0; y < height; y += 1) {
    rows.set(labels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  }
  const stream = new Blob([rows]).stream().pipeThrough(new CompressionStream("deflate"));
  const body = new Uint8Array(await new Response(stream).arrayBuffer());
  const header = new Uint8Array(13);
  new DataView(header.buffer).setUint32(0, width);
  new DataView(header.buffer).setUint32(4, height);
  header[8] = 8; // bits; the zeros that follow: grey, deflate, filters per row, not interlaced
  const signature = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);
  const parts = [chunk("IHDR", header), chunk("IDAT", body), chunk("IEND", new Uint8Array())];
  return new Blob([signature, ...parts], { type: "image/png" });
}
