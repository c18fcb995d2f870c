import type { Rgb } from "./lines";
import { contrast, oklabOf, rgbOf } from "./oklch";

/** The backgrounds that colours must stand out from. */
export const LIGHT_BACKGROUND: Rgb = [255, 255, 255];
export const DARK_BACKGROUND: Rgb = [30, 30, 30];

/** Okabe and Ito 2008, "Color Universal Design", so ordered that neighbours differ. */
const OKABE_ITO: readonly number[] = [0x0072b2, 0xe69f00, 0x009e73, 0xcc79a7, 0x56b4e9, 0xd55e00, 0xf0e442, 0x000000];

/** The colour of a head: the same in every view, whichever heads are active. */
export function headColor(head: number, numHeads: number, dark: boolean): Rgb {
  if (numHeads <= OKABE_ITO.length) return standOut(unpack(OKABE_ITO[head] as number), dark);
  const level = numHeads % 2 === 1 && head === numHeads - 1 ? 0.5 : head % 2;
  const [low, high] = dark ? [0.62, 0.85] : [0.45, 0.66];
  return rgbOf([low + level * (high - low), 0.2, 20 + (360 * head) / numHeads]);
}

/** The colour of a layer: hues in the order of depth. */
export function layerColor(layer: number, numLayers: number, dark: boolean): Rgb {
  return rgbOf([dark ? 0.75 : 0.58, 0.15, 260 - (300 * layer) / Math.max(1, numLayers)]);
}

/** Black or white, whichever reads better on a colour: a contrast of 4.58 or more. */
export function inkOn(rgb: Rgb): "#000" | "#fff" {
  return contrast(rgb, [0, 0, 0]) >= contrast(rgb, [255, 255, 255]) ? "#000" : "#fff";
}

/** A colour as CSS writes it. */
export function css(rgb: Rgb): string {
  return `rgb(${rgb.join(" ")})`;
}

/** 256 colours from near the background to the most vivid, as 256 x 3 channels; lightness in even steps. */
export function heatTable(dark: boolean): Uint8ClampedArray {
  const table = new Uint8ClampedArray(256 * 3);
  for (let index = 0; index < 256; index++) {
    const t = index / 255;
    const color = dark ? rgbOf([0.18 + 0.74 * t, 0.2, 290 - 185 * t]) : rgbOf([0.97 - 0.7 * t, 0.2, 105 + 185 * t]);
    table.set(color, index * 3);
  }
  return table;
}

/** The colour of a signed value from -1 to 1: blue positive, orange negative, the background at zero. */
export function signedColor(x: number, dark: boolean): Rgb {
  const strength = Math.min(1, Math.abs(x));
  const lightness = dark ? 0.2 + 0.55 * strength : 1 - 0.4 * strength;
  return rgbOf([lightness, 0.18 * strength, x > 0 ? 255 : 50]);
}

function standOut(rgb: Rgb, dark: boolean): Rgb {
  const background = dark ? DARK_BACKGROUND : LIGHT_BACKGROUND;
  let color = rgb;
  const [lightness, a, b] = oklabOf(rgb);
  for (let step = 1; contrast(color, background) < 3.1; step++) {
    color = rgbOf([lightness + (dark ? step : -step) / 100, Math.hypot(a, b), (Math.atan2(b, a) * 180) / Math.PI]);
  }
  return color;
}

function unpack(hex: number): Rgb {
  return [hex >> 16, (hex >> 8) & 255, hex & 255];
}
