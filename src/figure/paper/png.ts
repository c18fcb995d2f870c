import { zlibSync } from "fflate";
import type { PixelBuffer } from "../../core/look/pixel-buffer";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Pixels to draw into, all transparent. */
export function blankPixels(width: number, height: number): PixelBuffer {
  const [columns, rows] = [Math.max(1, Math.round(width)), Math.max(1, Math.round(height))];
  return { width: columns, height: rows, data: new Uint8ClampedArray(columns * rows * 4) };
}

/** Pixels as the address of a PNG, for an `image` element. */
export function pngAddress(pixels: PixelBuffer): string {
  return `data:image/png;base64,${base64Of(encodePng(pixels))}`;
}

/** A PNG: of 8-bit RGBA pixels, or of a palette if it has so few colours. Source: https://www.w3.org/TR/png-3/. */
export function encodePng(pixels: PixelBuffer): Uint8Array {
  const { width, height, data } = pixels;
  const palette = paletteOf(pixels);
  const bytes = palette ? palette.indices : data;
  const extent = palette ? width : width * 4;
  const rows = new Uint8Array(height * (extent + 1));
  for (let row = 0; row < height; row++) {
    rows.set(bytes.subarray(row * extent, (row + 1) * extent), row * (extent + 1) + 1);
  }
  const chunks = [
    chunk("IHDR", headerOf(width, height, palette !== null)),
    ...(palette ? [chunk("PLTE", palette.colors), chunk("tRNS", palette.alphas)] : []),
    chunk("IDAT", zlibSync(rows, { level: 6 })),
    chunk("IEND", new Uint8Array()),
  ];
  return joined([Uint8Array.from(SIGNATURE), ...chunks]);
}

function headerOf(width: number, height: number, hasPalette: boolean): Uint8Array {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, hasPalette ? 3 : 6], 8);
  return header;
}

interface Palette {
  readonly indices: Uint8Array;
  readonly colors: Uint8Array;
  readonly alphas: Uint8Array;
}

/** The colours of a picture and their numbers; null if there are more than 256. */
function paletteOf({ data }: PixelBuffer): Palette | null {
  const pixels = new Uint32Array(data.buffer, data.byteOffset, data.length / 4);
  const known = new Map<number, number>();
  const indices = new Uint8Array(pixels.length);
  for (let at = 0; at < pixels.length; at++) {
    const color = pixels[at] as number;
    const number = known.get(color) ?? known.size;
    if (number === 256) return null;
    known.set(color, number);
    indices[at] = number;
  }
  const rgba = [...known.keys()].map((color) => [color & 255, (color >> 8) & 255, (color >> 16) & 255, color >>> 24]);
  return {
    indices,
    colors: Uint8Array.from(rgba.flatMap((one) => one.slice(0, 3))),
    alphas: Uint8Array.from(rgba, (one) => one[3] as number),
  };
}

function chunk(name: string, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + content.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, content.length);
  bytes.set(
    [...name].map((letter) => letter.charCodeAt(0)),
    4,
  );
  bytes.set(content, 8);
  view.setUint32(8 + content.length, crc32(bytes.subarray(4, 8 + content.length)));
  return bytes;
}

const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC[(crc ^ byte) & 255] as number) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Not `btoa`, which exists only in browsers. */
function base64Of(bytes: Uint8Array): string {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length; at += 3) {
    const [first = 0, second = 0, third = 0] = bytes.subarray(at, at + 3);
    const all = (first << 16) | (second << 8) | third;
    const letters = [18, 12, 6, 0].map((shift) => BASE64[(all >> shift) & 63] as string);
    const left = bytes.length - at;
    texts.push(
      left > 2
        ? letters.join("")
        : letters
            .slice(0, left + 1)
            .join("")
            .padEnd(4, "="),
    );
  }
  return texts.join("");
}
