import { signal } from "@preact/signals-core";
import { expect, test } from "vitest";
import { contextOf, fullSource, mapDescription } from "../../testing/view";
import { createScene } from "../views/scene/scene";
import { panelWords } from "./words";

const MAP = mapDescription(["[CLS]", "the", " cat", "saw", "the"], { sentence_b_start: 2 });

function scene() {
  const context = contextOf([MAP], fullSource([MAP]));
  return { context, scene: createScene(context, signal(false)) };
}

test("a figure says what it shows, and which head has which colour", () => {
  const { context, scene: shown } = scene();
  context.selection.layer.value = 2;
  expect(panelWords(shown, "head").title).toBe("Tiny, self-attention, layer 2, heads");
  expect(panelWords(shown, "head").keys.map(({ head }) => head)).toEqual([0, 1, 2, 3]);
  context.selection.heads.value = [3];
  context.selection.pair.value = "ab";
  expect(panelWords(shown, "head").title).toBe("Tiny, self-attention, A → B, layer 2, head 3");
  expect(panelWords(shown, "head").keys).toEqual([]);
  expect(panelWords(shown, "model").title).toBe("Tiny, self-attention, A → B, 3 layers");
});

test("the caption names pinned tokens and active aids", () => {
  const { context, scene: shown } = scene();
  expect(panelWords(shown, "head").caption).toBe("");
  context.selection.query.value = 2;
  context.options.aids.topK.value = 3;
  expect(panelWords(shown, "head").caption).toBe("query “␣cat”; 3 strongest keys");
});

test("a repeated token is named with its position", () => {
  const { context, scene: shown } = scene();
  context.selection.query.value = 3;
  context.selection.key.value = 4;
  expect(panelWords(shown, "head").caption).toBe("query “saw”, key “the” at position 4");
});

test("a grid of heads does not name the pinned token, which it does not show", () => {
  const { context, scene: shown } = scene();
  context.selection.query.value = 2;
  expect(panelWords(shown, "model").caption).toBe("");
  context.options.detail.value = true;
  expect(panelWords(shown, "model").caption).toBe("query “␣cat”");
});
