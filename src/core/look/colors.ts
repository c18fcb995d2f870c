import type { ColorMap } from "../../contract.gen";
import type { Rgb } from "./line-geometry";
import { contrast, type Oklch, rgbOf } from "./oklch";
import { type Palette, paletteColor } from "./palettes";

/** The backgrounds that colours must stand out from. */
export const LIGHT_BACKGROUND: Rgb = [255, 255, 255];
export const DARK_BACKGROUND: Rgb = [30, 30, 30];

/**
 * The hues of Okabe and Ito 2008, "Color Universal Design", in lightnesses that stand out from the background, and in
 * which neighbours differ without green or red cones and in grey: by 0.1 or more in OKLab.
 */
const LIGHT = [0x0072b2, 0xc48600, 0x00563d, 0xa85381, 0x3a9bce, 0x863800, 0x817700, 0x000000];
const DARK = [0x0d7fc4, 0xffc160, 0x008661, 0xd47fae, 0x6cc9ff, 0xd55e00, 0xbeb200, 0xd9d9d9];

/** The colour of a head. It is the same in every view, whichever heads are active. */
export function headColor(head: number, numHeads: number, dark: boolean): Rgb {
  const named = numHeads > LIGHT.length ? undefined : (dark ? DARK : LIGHT)[head];
  if (named !== undefined) return [named >> 16, (named >> 8) & 255, named & 255];
  const [low, high] = dark ? [0.6, 0.87] : [0.4, 0.645];
  return rgbOf([low + (high - low) * lightnessLevel(head, numHeads), 0.2, 20 + (360 * head) / numHeads]);
}

/**
 * The lightness of a head, from 0 to 1. Neighbours differ by 0.5 or more, and heads of equal lightness differ clearly
 * in hue. Five levels would give the last of 11, 16, 21, ... heads the lightness and nearly the hue of the first, so
 * these have four.
 */
function lightnessLevel(head: number, numHeads: number): number {
  const levels = numHeads % 5 === 1 ? [0, 0.75, 0.25, 1] : [0, 0.5, 1, 0.25, 0.75];
  return levels[head % levels.length] as number;
}

/** The colour of a layer. Hues follow the depth. */
export function layerColor(layer: number, numLayers: number, dark: boolean): Rgb {
  return rgbOf([dark ? 0.75 : 0.58, 0.15, 260 - (300 * layer) / Math.max(1, numLayers)]);
}

/** Black or white, whichever reads better on a colour. The contrast is at least 4.58. */
export function inkOn(rgb: Rgb): "#000" | "#fff" {
  return contrast(rgb, [0, 0, 0]) >= contrast(rgb, [255, 255, 255]) ? "#000" : "#fff";
}

/** A colour in CSS syntax. */
export function css(rgb: Rgb): string {
  return `rgb(${rgb.join(" ")})`;
}

/** The colours of `t` from 0 to 1. Their lightness changes evenly, so that no step looks larger than another. */
type ColorCurve = (t: number) => Rgb;

/** A map for each background. Lightness alone gives the order, so the maps work without hue. */
interface HeatColors {
  readonly light: ColorCurve;
  readonly dark: ColorCurve;
  /** Whether `light` is `dark` from its end. */
  readonly isReversed?: true;
}

/** Curves that start near a light and near a dark background. */
const HEAT: Readonly<Record<ColorMap, HeatColors>> = {
  lagoon: curves(
    (t) => [0.98 - 0.68 * t, Math.min(0.13, 0.03 + 0.3 * t), 100 + 195 * t],
    (t) => [0.18 + 0.74 * t, 0.06 + 0.1 * t, 295 - 190 * t],
  ),
  greys: curves(
    (t) => [0.98 - 0.8 * t, 0, 0],
    (t) => [0.2 + 0.78 * t, 0, 0],
  ),
  blues: curves(
    (t) => [0.98 - 0.7 * t, 0.02 + 0.14 * t, 235 + 25 * t],
    (t) => [0.2 + 0.75 * t, 0.03 + 0.12 * Math.sin(Math.PI * t), 260 - 30 * t],
  ),
  heat: curves(
    (t) => [0.98 - 0.7 * t, 0.03 + 0.17 * t, 95 - 70 * t],
    (t) => [0.2 + 0.75 * t, 0.04 + 0.14 * Math.sin(Math.PI * t), 20 + 80 * t],
  ),
  viridis: ofMatplotlib("viridis"),
  magma: ofMatplotlib("magma"),
  cividis: ofMatplotlib("cividis"),
};

/** Every map, in the order of menus. */
export const COLOR_MAPS = Object.keys(HEAT) as readonly ColorMap[];

function curves(light: (t: number) => Oklch, dark: (t: number) => Oklch): HeatColors {
  return { light: (t) => rgbOf(light(t)), dark: (t) => rgbOf(dark(t)) };
}

/** The maps of matplotlib begin dark, so on a light background they run from their end. */
function ofMatplotlib(palette: Palette): HeatColors {
  return { light: (t) => paletteColor(palette, 1 - t), dark: (t) => paletteColor(palette, t), isReversed: true };
}

/** The 256 colours of weights, from near the background to far from it, as 256 x 3 channels. */
export function heatTable(map: ColorMap, dark: boolean): Uint8ClampedArray {
  const course = HEAT[map][dark ? "dark" : "light"];
  const table = new Uint8ClampedArray(256 * 3);
  for (let index = 0; index < 256; index++) table.set(course(index / 255), index * 3);
  return table;
}

/** The name of a map on a background. */
export function colorMapName(map: ColorMap, dark: boolean): string {
  return HEAT[map].isReversed && !dark ? `${map}, reversed` : map;
}

/** The colour of a signed value from -1 to 1: blue if positive, orange if negative, the background at zero. */
export function signedColor(x: number, dark: boolean): Rgb {
  const strength = Math.min(1, Math.abs(x));
  const lightness = dark ? 0.2 + 0.55 * strength : 1 - 0.4 * strength;
  return rgbOf([lightness, 0.18 * strength, x > 0 ? 255 : 50]);
}

/** How a heat map turns weights into colours. */
export type Scale = "linear" | "sqrt" | "log";

/** The log scale shows this weight, and all smaller ones, in the first colour. */
export const LOG_FLOOR = 1e-4;

/** The index from 0 to 255 of a weight's colour; a weight of `max` gets the last colour. NaN stays NaN. */
export function heatIndex(weight: number, scale: Scale, max = 1): number {
  const fraction = scaled(weight / max, scale);
  return Math.round(255 * Math.min(1, Math.max(0, fraction)));
}

/** The place of a part of the largest weight on a scale: 0 for no weight, 1 for the largest. NaN stays NaN. */
export function scaled(fraction: number, scale: Scale): number {
  if (scale === "linear") return fraction;
  if (scale === "sqrt") return Math.sqrt(Math.max(0, fraction));
  return 1 - Math.log(Math.max(LOG_FLOOR, fraction)) / Math.log(LOG_FLOOR);
}
