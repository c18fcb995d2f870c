import { expect, it } from "vitest";
import { sightOf } from "../core/reduce/sight";
import { encodeWeights, type HeadWeights } from "../core/weights/head-weights";
import { drawHeatThumbnail, thumbnailTop } from "./heat-thumbnail";

/** Colour `index` is (index, 0, 0). */
const COLORS = Uint8ClampedArray.from({ length: 768 }, (_, at) => (at % 3 === 0 ? at / 3 : 0));

function head(rows: readonly (readonly number[])[]): HeadWeights {
  return { numQueries: rows.length, numKeys: rows[0]?.length ?? 0, ...encodeWeights(rows.flat()) };
}

const CAUSAL = head([
  [1, 0, 0],
  [0.9, 0.1, 0],
  [0.8, 0.15, 0.05],
]);

function draw(weights: HeadWeights, sinks: readonly number[]) {
  const picture = { width: 5, height: 5, data: new Uint8ClampedArray(100).fill(7) };
  const heat = { colors: COLORS, sight: sightOf([weights]), sinks, scale: "sqrt" as const };
  drawHeatThumbnail(picture, { x: 1, y: 1, width: 3, height: 3 }, weights, heat, new Uint32Array(65536));
  return (x: number, y: number) => [...picture.data.subarray(4 * (5 * y + x), 4 * (5 * y + x) + 4)];
}

it("draws cells on the square-root scale up to the largest weight beside the sinks", () => {
  const pixel = draw(CAUSAL, [0]);
  expect(thumbnailTop(CAUSAL, { sinks: [0] })).toBeCloseTo(0.15, 3);
  expect(pixel(2, 3)).toEqual([255, 0, 0, 255]);
  expect(pixel(1, 3)).toEqual([255, 0, 0, 255]);
  expect(pixel(3, 3)[0]).toBeCloseTo(255 * Math.sqrt(1 / 3), -1);
});

it("greys masked cells faintly and touches nothing outside its square", () => {
  const pixel = draw(CAUSAL, []);
  expect(pixel(3, 1)).toEqual([128, 128, 128, 0x1c]);
  expect(pixel(0, 0)).toEqual([7, 7, 7, 7]);
  expect(thumbnailTop(CAUSAL, { sinks: [] })).toBe(1);
});
