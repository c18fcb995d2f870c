import { signal } from "@preact/signals-core";
import { expect, test } from "vitest";
import { contextOf, headWeights, MemorySource, mapDescription } from "../../../testing/view";
import type { ColorScale } from "../../contract.gen";
import { wholeTop } from "../heat/heat-top";
import { createScene } from "./scene";
import { heatScale, lineScale, sinksOnScreen } from "./weight-scale";

function sceneOf(tokens: number, scale: ColorScale = "auto") {
  const maps = [mapDescription(Array.from({ length: tokens }, (_, at) => `t${at}`))];
  const context = contextOf(maps, new MemorySource());
  context.options.scale.value = scale;
  return createScene(context, signal(false));
}

/** A causal head: each query gives 0.8 to the first key and the rest to itself. */
const sunk = (tokens: number) => ({
  head: 0,
  color: [0, 0, 0] as const,
  weights: headWeights(tokens, tokens, (query, key) => (key === 0 ? (query === 0 ? 1 : 0.8) : key === query ? 0.2 : 0)),
});

test("from 128 tokens on, colours have the square root beside sinks; below, and for lines, scales are linear", () => {
  expect(heatScale(sceneOf(127))).toEqual({ scale: "linear", isBesideSinks: false });
  expect(heatScale(sceneOf(128))).toEqual({ scale: "sqrt", isBesideSinks: true });
  expect(lineScale(sceneOf(127))).toEqual({ scale: "linear", isBesideSinks: false });
  expect(lineScale(sceneOf(128))).toEqual({ scale: "linear", isBesideSinks: true });
});

test("a chosen scale holds for every length, and sinks are in it", () => {
  for (const scale of ["linear", "sqrt", "log"] as const) {
    for (const tokens of [8, 300]) {
      expect(heatScale(sceneOf(tokens, scale))).toEqual({ scale, isBesideSinks: false });
      expect(lineScale(sceneOf(tokens, scale))).toEqual({ scale, isBesideSinks: false });
    }
  }
});

test("sinks are measured on what is shown, and the scale ends at the largest weight beside them", () => {
  const [scene, head] = [sceneOf(150), sunk(150)];
  expect(sinksOnScreen(scene, [head])).toEqual([0]);
  const top = wholeTop(scene, [head.weights], [head]);
  expect(top.weight).toBeCloseTo(0.2, 2);
  expect(top.isExceeded).toBe(true);
  scene.context.options.scale.value = "sqrt";
  expect(wholeTop(scene, [head.weights], [head])).toEqual({ weight: 1, isExceeded: false });
  scene.context.options.scale.value = "auto";
  scene.context.options.aids.sinkShare.value = 0.9;
  expect(wholeTop(scene, [head.weights], [head]).isExceeded).toBe(false);
});
