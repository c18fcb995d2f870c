import { signal } from "@preact/signals-core";
import { expect, test } from "vitest";
import { contextOf, MemorySource, mapDescription } from "../../../testing/view";
import { isolateHead, showAllHeads, stepLayer, toggleHead } from "./move-selection";
import { createScene } from "./scene";

function setUp(numHeads = [4, 2, 4]) {
  const context = contextOf([mapDescription(["a", "b"], { num_heads: numHeads })], new MemorySource());
  return { ...context, scene: createScene(context, signal(false)) };
}

test("chosen heads that a layer lacks are ignored, and all heads are shown if it has none of them", () => {
  const { scene, selection } = setUp();
  selection.heads.value = [3, 1];
  expect(scene.heads.value).toEqual([1, 3]);
  selection.layer.value = 1;
  expect(scene.heads.value).toEqual([1]);
  selection.heads.value = [3];
  expect(scene.heads.value).toEqual([0, 1]);
  expect(scene.request.value).toEqual({ kind: "block", map: "self", layer: 1, heads: [0, 1] });
});

test("the list of chosen heads is not sorted in place", () => {
  const { scene, selection } = setUp();
  selection.heads.value = Object.freeze([2, 0]);
  expect(scene.heads.value).toEqual([0, 2]);
});

test("the listed layers are the included ones, and the one to which another view moved", () => {
  const { scene, selection, options } = setUp();
  options.includeLayers.value = [2, 0, 7];
  expect(scene.layers.value).toEqual([0, 2]);
  selection.layer.value = 1;
  expect(scene.layers.value).toEqual([0, 1, 2]);
  selection.layer.value = 9;
  expect(scene.layer.value).toBe(2);
});

test("steps go from one listed layer to the next and stop at the ends", () => {
  const { scene, selection, options } = setUp();
  options.includeLayers.value = [0, 2];
  expect(stepLayer(scene, 1)).toBe(true);
  expect(selection.layer.value).toBe(2);
  expect(stepLayer(scene, 1)).toBe(false);
  expect(selection.layer.value).toBe(2);
});

test("the last active head stays, and null stands for all heads", () => {
  const { scene, selection } = setUp();
  toggleHead(scene, 2);
  expect(selection.heads.value).toEqual([0, 1, 3]);
  toggleHead(scene, 2);
  expect(selection.heads.value).toBeNull();
  isolateHead(scene, 3);
  toggleHead(scene, 3);
  expect(selection.heads.value).toEqual([3]);
  toggleHead(scene, 9);
  expect(selection.heads.value).toEqual([3]);
  isolateHead(scene, 3);
  expect(selection.heads.value).toBeNull();
  isolateHead(scene, 1);
  showAllHeads(scene);
  expect(selection.heads.value).toBeNull();
});

test("without a map there is nothing to request", () => {
  const context = contextOf([], new MemorySource());
  expect(createScene(context, signal(false)).request.value).toBeNull();
});
