import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Rgb } from "./line-geometry";
import { contrast, oklabOf, rgbOf } from "./oklch";

const channel = fc.nat(255);
const anyColor: fc.Arbitrary<Rgb> = fc.tuple(channel, channel, channel);

describe("oklabOf", () => {
  // From Björn Ottosson's own table and from the examples of CSS Color 4.
  it.each<[Rgb, [number, number, number]]>([
    [
      [255, 255, 255],
      [1, 0, 0],
    ],
    [
      [255, 0, 0],
      [0.628, 0.2249, 0.1258],
    ],
    [
      [0, 128, 0],
      [0.5198, -0.1403, 0.1077],
    ],
    [
      [0, 0, 255],
      [0.452, -0.0324, -0.3115],
    ],
  ])("converts %j", (rgb, lab) => {
    oklabOf(rgb).forEach((value, index) => {
      expect(value).toBeCloseTo(lab[index] as number, 3);
    });
  });
});

describe("rgbOf", () => {
  it("inverts oklabOf", () => {
    fc.assert(
      fc.property(anyColor, (rgb) => {
        const [lightness, a, b] = oklabOf(rgb);
        const back = rgbOf([lightness, Math.hypot(a, b), (Math.atan2(b, a) * 180) / Math.PI]);
        for (const [index, value] of back.entries()) expect(Math.abs(value - (rgb[index] as number))).toBeLessThan(2);
      }),
    );
  });

  it("keeps lightness and hue when it must lower the chroma", () => {
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 95 }), fc.nat(359), (percent, hue) => {
        const [lightness, a, b] = oklabOf(rgbOf([percent / 100, 0.4, hue]));
        expect(lightness).toBeCloseTo(percent / 100, 1);
        const turn = Math.abs(((Math.atan2(b, a) * 180) / Math.PI - hue + 540) % 360) - 180;
        if (Math.hypot(a, b) > 0.03) expect(Math.abs(turn)).toBeLessThan(6);
      }),
    );
  });
});

describe("contrast", () => {
  it("is 21 from black to white and 1 from a colour to itself", () => {
    expect(contrast([0, 0, 0], [255, 255, 255])).toBeCloseTo(21);
    expect(contrast([118, 118, 118], [255, 255, 255])).toBeCloseTo(4.54, 2);
    fc.assert(fc.property(anyColor, (rgb) => contrast(rgb, rgb) === 1));
  });
});
