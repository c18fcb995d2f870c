/**
 * The size limits of the built files. A notebook receives `store.js`, which holds every view, once per capture, and
 * `widget.js` and `widget.css` once per view in an output cell.
 */
import { readFileSync, statSync } from "node:fs";
import { gzipSync } from "node:zlib";

export const STATIC = new URL("../python/headscope/static/", import.meta.url);

/** In bytes, after minification. */
export const LIMITS = {
  "store.js": 306_000,
  "widget.js": 2_000,
  "widget.css": 48_000,
  "page.js": 296_000,
  // Never sent to a page: Python runs it.
  "figure.js": 140_000,
};

const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

/** One line per file with its size, compressed size and limit. `tooLarge` names the files over their limit. */
export function measure() {
  const lines = [];
  const tooLarge = [];
  for (const [name, limit] of Object.entries(LIMITS)) {
    const url = new URL(name, STATIC);
    const { size } = statSync(url);
    const compressed = gzipSync(readFileSync(url)).length;
    lines.push(`${name.padEnd(11)} ${kB(size).padStart(8)} of ${kB(limit)}, ${kB(compressed)} compressed`);
    if (size > limit) tooLarge.push(name);
  }
  return { lines, tooLarge };
}

/** Print the sizes, and throw if a file is over its limit. */
export function check() {
  const { lines, tooLarge } = measure();
  console.log(lines.join("\n"));
  if (tooLarge.length > 0) {
    throw new Error(
      `${tooLarge.join(", ")}: larger than tools/bundle-sizes.mjs allows. Find what grew it, and trim that.`,
    );
  }
}
