import { signal } from "@preact/signals-core";
import { expect, test } from "vitest";
import { contextOf, MemorySource, mapDescription } from "../../../testing/view";
import { gestureOf, openHead } from "./choose-head";
import { createScene } from "./scene";

const click = (given: Partial<MouseEvent>) =>
  gestureOf({ ctrlKey: false, metaKey: false, shiftKey: false, detail: 1, ...given } as MouseEvent);

test("a modifier adds, and a double click is one click", () => {
  expect(click({})).toBe("alone");
  expect(click({ detail: 0 })).toBe("alone"); // Enter on a button
  expect(["ctrlKey", "metaKey", "shiftKey"].map((held) => click({ [held]: true }))).toEqual(["add", "add", "add"]);
  expect([click({ detail: 2 }), click({ detail: 3 })]).toEqual(["none", "alone"]);
});

test("a head of the shown layer is added, and one of another layer is shown alone", () => {
  const context = contextOf([mapDescription(["a", "b"], { num_heads: [4, 4] })], new MemorySource());
  const scene = createScene(context, signal(false));
  const { selection } = context;
  const place = () => [selection.layer.value, selection.heads.value];
  openHead(scene, 1, 2, "add");
  expect(place()).toEqual([1, [2]]);
  openHead(scene, 1, 0, "add");
  expect(place()).toEqual([1, [0, 2]]);
  openHead(scene, 1, 2, "alone");
  openHead(scene, 1, 2, "none");
  expect(place()).toEqual([1, [2]]);
  openHead(scene, 1, 2, "alone");
  expect(place()).toEqual([1, null]);
});
