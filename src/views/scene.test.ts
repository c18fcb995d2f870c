import { signal } from "@preact/signals-core";
import { expect, test } from "vitest";
import { isolateHead, showAllHeads, stepLayer, toggleHead } from "./actions";
import { createScene } from "./scene";
import { contextOf, MemorySource, mapInfo } from "./testing";

function setUp(numHeads = [4, 2, 4]) {
  const context = contextOf([mapInfo(["a", "b"], { num_heads: numHeads })], new MemorySource());
  return { ...context, scene: createScene(context, signal(false)) };
}

test("heads that a layer lacks are left out, and all are shown if it has none of the chosen", () => {
  const { scene, selection } = setUp();
  selection.heads.value = [3, 1];
  expect(scene.heads.value).toEqual([1, 3]);
  selection.layer.value = 1;
  expect(scene.heads.value).toEqual([1]);
  selection.heads.value = [3];
  expect(scene.heads.value).toEqual([0, 1]);
  expect(scene.request.value).toEqual({ kind: "block", map: "self", layer: 1, heads: [0, 1] });
});

test("the chosen heads are not put in order in place", () => {
  const { scene, selection } = setUp();
  selection.heads.value = Object.freeze([2, 0]);
  expect(scene.heads.value).toEqual([0, 2]);
});

test("layers are those included, and the one that another view moved to", () => {
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

test("the last active head stays, and all heads are said as null", () => {
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

test("without a map there is nothing to ask for", () => {
  const context = contextOf([], new MemorySource());
  expect(createScene(context, signal(false)).request.value).toBeNull();
});
