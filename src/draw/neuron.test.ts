import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PixelBuffer } from "../core/look/pixel-buffer";
import { drawStrip, signedTable, strengthOf } from "./neuron";

const TABLE = signedTable(false);

function paper(width: number, height: number): PixelBuffer {
  return { width, height, data: new Uint8ClampedArray(width * height * 4) };
}

function pixel({ data, width }: PixelBuffer, x: number, y: number): number[] {
  return [...data.subarray(4 * (y * width + x), 4 * (y * width + x) + 4)];
}

describe("signedTable", () => {
  it("is the background at zero, blue above and orange below", () => {
    const color = (index: number) => [...TABLE.subarray(3 * index, 3 * index + 3)] as [number, number, number];
    expect(color(255)).toEqual([255, 255, 255]);
    const [red, , blue] = color(510);
    expect(blue).toBeGreaterThan(red);
    const [other, , cold] = color(0);
    expect(other).toBeGreaterThan(cold);
  });

  it("is dark at zero on a dark background", () => {
    expect(Math.max(...signedTable(true).subarray(3 * 255, 3 * 256))).toBeLessThan(40);
  });
});

it("strength saturates as in BertViz", () => {
  expect([0, 4, -4].map(strengthOf)).toEqual([0, Math.tanh(1), -Math.tanh(1)]);
});

describe("drawStrip", () => {
  it("gives each dimension its stretch and changes nothing else", () => {
    const picture = paper(8, 3);
    drawStrip(picture, 2, (dimension) => (dimension === 0 ? 100 : 0), TABLE, { x: 1, y: 1, width: 6, height: 1 });
    expect(pixel(picture, 1, 1)).toEqual([...TABLE.subarray(3 * 510), 255]);
    expect(pixel(picture, 3, 1)).toEqual(pixel(picture, 1, 1));
    expect(pixel(picture, 4, 1)).toEqual([255, 255, 255, 255]);
    for (const [x, y] of [
      [0, 1],
      [7, 1],
      [3, 0],
      [3, 2],
    ] as const) {
      expect(pixel(picture, x, y)).toEqual([0, 0, 0, 0]);
    }
  });

  it("covers its place without gaps and never leaves the picture", () => {
    const place = fc.record({
      x: fc.nat(5),
      y: fc.integer({ min: -3, max: 6 }),
      width: fc.integer({ min: 1, max: 20 }),
      height: fc.nat(5),
    });
    fc.assert(
      fc.property(place, fc.integer({ min: 1, max: 40 }), (where, count) => {
        const picture = paper(12, 7);
        drawStrip(picture, count, () => -1, TABLE, where);
        for (let y = 0; y < 7; y++) {
          for (let x = 0; x < 12; x++) {
            const inside = x >= where.x && x < where.x + where.width && y >= where.y && y < where.y + where.height;
            expect(pixel(picture, x, y)[3]).toBe(inside ? 255 : 0);
          }
        }
      }),
    );
  });
});
