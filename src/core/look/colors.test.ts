import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { colorDistance as distance, seenBy, VISIONS } from "../../../testing/color-vision";
import type { ColorMap } from "../../contract.gen";
import {
  COLOR_MAPS,
  colorMapName,
  css,
  DARK_BACKGROUND,
  headColor,
  heatIndex,
  heatTable,
  inkOn,
  LIGHT_BACKGROUND,
  LOG_FLOOR,
  layerColor,
  type Scale,
  signedColor,
} from "./colors";
import type { Rgb } from "./line-geometry";
import { contrast, oklabOf } from "./oklch";

const THEMES = [false, true];
const background = (dark: boolean) => (dark ? DARK_BACKGROUND : LIGHT_BACKGROUND);

function headColors(numHeads: number, dark: boolean): Rgb[] {
  return Array.from({ length: numHeads }, (_, head) => headColor(head, numHeads, dark));
}

describe("headColor", () => {
  // A distance of 0.02 in OKLab is just noticeable.
  it.each([
    [8, 0.09],
    [9, 0.13],
    [12, 0.1],
    [16, 0.09],
    [20, 0.08],
    [32, 0.06],
    [40, 0.055],
  ])("tells %d heads apart by at least %d", (numHeads, least) => {
    for (const dark of THEMES) {
      const colors = headColors(numHeads, dark);
      const distances = colors.flatMap((color, head) => colors.slice(0, head).map((other) => distance(color, other)));
      expect(Math.min(...distances)).toBeGreaterThan(least);
    }
  });

  it.each([12, 16, 31, 64])("gives neighbours among %d heads different lightness", (numHeads) => {
    for (const dark of THEMES) {
      const lightness = headColors(numHeads, dark).map((color) => oklabOf(color)[0]);
      lightness.slice(1).forEach((value, index) => {
        expect(Math.abs(value - (lightness[index] as number))).toBeGreaterThan(0.07);
      });
    }
  });

  it.each(VISIONS)("tells neighbours apart under %s, among 2 to 32 heads", (vision) => {
    for (const dark of THEMES) {
      for (let numHeads = 2; numHeads <= 32; numHeads++) {
        const seen = headColors(numHeads, dark).map((color) => seenBy(vision, color));
        const between = seen.slice(1).map((color, head) => distance(color, seen[head] as Rgb));
        const least = numHeads <= 8 ? 0.1 : 0.06;
        expect(Math.min(...between), `${numHeads} heads, ${dark ? "dark" : "light"}`).toBeGreaterThan(least);
      }
    }
  });

  it("stands out from the background, for any number of heads", () => {
    for (const dark of THEMES) {
      for (let numHeads = 1; numHeads <= 128; numHeads++) {
        const contrasts = headColors(numHeads, dark).map((color) => contrast(color, background(dark)));
        expect(Math.min(...contrasts), `${numHeads} heads, ${dark ? "dark" : "light"}`).toBeGreaterThanOrEqual(3);
      }
    }
  });
});

it("layerColor stands out from the background and differs between neighbouring layers", () => {
  for (const dark of THEMES) {
    const colors = Array.from({ length: 12 }, (_, layer) => layerColor(layer, 12, dark));
    for (const color of colors) expect(contrast(color, background(dark))).toBeGreaterThanOrEqual(3);
    colors.slice(1).forEach((color, layer) => {
      expect(distance(color, colors[layer] as Rgb)).toBeGreaterThan(0.03);
    });
  }
});

it("inkOn is legible on any colour", () => {
  const channel = fc.nat(255);
  fc.assert(
    fc.property(fc.tuple(channel, channel, channel), (rgb) => {
      const ink: Rgb = inkOn(rgb) === "#000" ? [0, 0, 0] : [255, 255, 255];
      expect(contrast(ink, rgb)).toBeGreaterThanOrEqual(4.5);
    }),
  );
});

it("css writes a colour that CSS understands", () => {
  expect(css([1, 20, 255])).toBe("rgb(1 20 255)");
});

describe("heatTable", () => {
  const MAPS: readonly ColorMap[] = ["lagoon", "greys", "blues", "heat"];
  const OF_MATPLOTLIB: readonly ColorMap[] = ["viridis", "magma", "cividis"];
  const colorsOf = (map: ColorMap, dark: boolean) => {
    const table = heatTable(map, dark);
    return Array.from({ length: 256 }, (_, index) => [...table.subarray(3 * index, 3 * index + 3)] as unknown as Rgb);
  };

  it.each(MAPS)("%s leaves the background in even steps of lightness", (map) => {
    for (const dark of THEMES) {
      const colors = colorsOf(map, dark);
      const lightness = colors.map((color) => oklabOf(color)[0]);
      expect(contrast(colors[0] as Rgb, background(dark))).toBeLessThan(1.3);
      expect(contrast(colors[255] as Rgb, background(dark))).toBeGreaterThan(9);
      const step = ((lightness[255] as number) - (lightness[0] as number)) / 255;
      lightness.forEach((value, index) => {
        expect(Math.abs(value - (lightness[0] as number) - index * step)).toBeLessThan(0.006);
      });
    }
  });

  it.each(MAPS)("%s has no step that looks much larger than another", (map) => {
    for (const dark of THEMES) {
      const colors = colorsOf(map, dark).filter((_, index) => index % 15 === 0);
      const steps = colors.slice(1).map((color, index) => distance(color, colors[index] as Rgb));
      expect(Math.max(...steps) / Math.min(...steps)).toBeLessThan(2);
    }
  });

  it.each<[ColorMap, Rgb, Rgb, Rgb]>([
    ["viridis", [68, 1, 84], [33, 145, 140], [253, 231, 37]],
    ["magma", [0, 0, 4], [183, 55, 121], [252, 253, 191]],
    ["cividis", [0, 34, 78], [125, 124, 120], [254, 232, 56]],
  ])("%s is matplotlib's on a dark background, and reversed on a light one", (map, first, middle, last) => {
    const [dark, light] = [colorsOf(map, true), colorsOf(map, false)];
    expect([dark[0], dark[255], light[0], light[255]]).toEqual([first, last, last, first]);
    (dark[128] as Rgb).forEach((value, channel) => {
      expect(Math.abs(value - (middle[channel] as number))).toBeLessThanOrEqual(2);
    });
    expect([colorMapName(map, true), colorMapName(map, false)]).toEqual([map, `${map}, reversed`]);
  });

  it.each(OF_MATPLOTLIB)("%s leaves the background in lightness that never falls", (map) => {
    for (const dark of THEMES) {
      const away = colorsOf(map, dark).map((color) => Math.abs(oklabOf(color)[0] - (dark ? 0 : 1)));
      const falls = away.slice(1).map((value, index) => (away[index] as number) - value);
      expect(Math.max(...falls)).toBeLessThan(0.005);
    }
  });

  it("has maps that cannot be confused", () => {
    for (const dark of THEMES) {
      const samples = COLOR_MAPS.map((map) => [64, 128, 192].map((index) => colorsOf(map, dark)[index] as Rgb));
      const apart = (one: readonly Rgb[], other: readonly Rgb[]) =>
        Math.max(...one.map((color, index) => distance(color, other[index] as Rgb)));
      const distances = samples.flatMap((one, index) => samples.slice(0, index).map((other) => apart(one, other)));
      expect(Math.min(...distances)).toBeGreaterThan(0.04);
    }
  });
});

describe("signedColor", () => {
  it("is blue for positive and orange for negative values, and fades to the background at zero", () => {
    for (const dark of THEMES) {
      const [r, , b] = signedColor(1, dark);
      expect(b).toBeGreaterThan(r + 80);
      const [red, , blue] = signedColor(-1, dark);
      expect(red).toBeGreaterThan(blue + 80);
      expect(contrast(signedColor(0, dark), background(dark))).toBeLessThan(1.15);
      for (const sign of [1, -1]) {
        const contrasts = [0, 0.25, 0.5, 0.75, 1].map((x) => contrast(signedColor(sign * x, dark), background(dark)));
        expect(contrasts).toEqual([...contrasts].sort((one, other) => one - other));
      }
    }
  });

  it("shows values beyond 1 like 1", () => {
    expect(signedColor(7, false)).toEqual(signedColor(1, false));
  });
});

const SCALES: readonly Scale[] = ["linear", "sqrt", "log"];

describe("heatIndex", () => {
  it.each<[Scale, number, number]>([
    ["linear", 0.5, 128],
    ["sqrt", 0.25, 128],
    ["log", LOG_FLOOR, 0],
    ["log", Math.sqrt(LOG_FLOOR), 128],
    ["log", 0, 0],
  ])("on the %s scale gives %d colour %d", (scale, weight, index) => {
    expect(heatIndex(weight, scale)).toBe(index);
  });

  it.each(SCALES)("on the %s scale goes from 0 at zero to 255 at the largest weight", (scale) => {
    expect(heatIndex(0, scale)).toBe(0);
    expect(heatIndex(1, scale)).toBe(255);
    expect(heatIndex(0.2, scale, 0.2)).toBe(255);
    expect(heatIndex(0.1, scale, 0.2)).toBe(heatIndex(0.5, scale));
  });

  it("never decreases as the weight grows, and stays within the colours", () => {
    const weight = fc.double({ min: -1, max: 3, noNaN: true });
    fc.assert(
      fc.property(weight, weight, fc.constantFrom(...SCALES), (one, other, scale) => {
        const [low, high] = [heatIndex(Math.min(one, other), scale), heatIndex(Math.max(one, other), scale)];
        expect(0 <= low && low <= high && high <= 255).toBe(true);
      }),
    );
  });

  it("has no colour for a missing weight", () => {
    for (const scale of SCALES) expect(heatIndex(Number.NaN, scale)).toBeNaN();
  });
});
