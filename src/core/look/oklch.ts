import type { Rgb } from "./line-geometry";

/** A colour in OKLCH (Ottosson 2020, "A perceptual color space"): lightness from 0 to 1, chroma, and hue in degrees. */
export type Oklch = readonly [lightness: number, chroma: number, hue: number];

/** Converts OKLCH to sRGB, and lowers the chroma as far as sRGB requires. */
export function rgbOf([lightness, chroma, hue]: Oklch): Rgb {
  let low = 0;
  let high = chroma;
  let linear = linearOf(lightness, chroma, hue);
  for (let step = 0; step < 12 && !(step === 0 && isInside(linear)); step++) {
    const middle = (low + high) / 2;
    if (isInside(linearOf(lightness, middle, hue))) low = middle;
    else high = middle;
    linear = linearOf(lightness, low, hue);
  }
  return linear.map((channel) => Math.round(255 * encode(Math.min(1, Math.max(0, channel))))) as unknown as Rgb;
}

export function oklabOf(rgb: Rgb): [number, number, number] {
  const [r, g, b] = rgb.map((channel) => decode(channel / 255)) as [number, number, number];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

/** WCAG 2 contrast of two colours, from 1 to 21. */
export function contrast(one: Rgb, other: Rgb): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminance([r, g, b]: Rgb): number {
  return 0.2126 * decode(r / 255) + 0.7152 * decode(g / 255) + 0.0722 * decode(b / 255);
}

function linearOf(lightness: number, chroma: number, hue: number): [number, number, number] {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

function isInside(linear: readonly number[]): boolean {
  return linear.every((channel) => channel >= -1e-4 && channel <= 1.0001);
}

function encode(linear: number): number {
  return linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
}

function decode(encoded: number): number {
  return encoded <= 0.04045 ? encoded / 12.92 : ((encoded + 0.055) / 1.055) ** 2.4;
}
