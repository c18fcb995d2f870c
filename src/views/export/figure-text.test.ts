import { signal } from "@preact/signals-core";
import { expect, test } from "vitest";
import { contextOf, fullSource, mapDescription } from "../../../testing/view";
import { createScene } from "../scene/scene";
import { figureText, fileName } from "./figure-text";

const MAP = mapDescription(["[CLS]", "the", " cat"], { sentence_b_start: 2 });

function scene() {
  const context = contextOf([MAP], fullSource([MAP]));
  return { context, scene: createScene(context, signal(false)) };
}

test("a picture says what it shows, and which head has which colour", () => {
  const { context, scene: shown } = scene();
  context.selection.layer.value = 2;
  expect(figureText(shown, "head").title).toBe("Tiny, self-attention, layer 2, heads");
  expect(figureText(shown, "head").keys.map(({ text }) => text)).toEqual(["0", "1", "2", "3"]);
  context.selection.heads.value = [3];
  context.selection.pair.value = "ab";
  expect(figureText(shown, "head").title).toBe("Tiny, self-attention, Sentence A → Sentence B, layer 2, head 3");
  expect(figureText(shown, "head").keys).toEqual([]);
  expect(figureText(shown, "model").title).toBe("Tiny, self-attention, Sentence A → Sentence B, 3 layers");
});

test("the caption names pinned tokens and active aids", () => {
  const { context, scene: shown } = scene();
  expect(figureText(shown, "head").caption).toBe("");
  context.selection.query.value = 2;
  context.options.aids.topK.value = 3;
  expect(figureText(shown, "head").caption).toBe("query “␣cat”; 3 strongest keys");
});

test("a file is named after the model, the view, the layer and a few heads", () => {
  const { context, scene: shown } = scene();
  expect(fileName(shown, "head", "svg")).toBe("Tiny-head-layer-0.svg");
  context.selection.heads.value = [1, 3];
  expect(fileName(shown, "matrix", "png")).toBe("Tiny-matrix-layer-0-head-1-3.png");
  expect(fileName(shown, "model", "html")).toBe("Tiny-model.html");
  context.name.value = '../org/Qwen 2.5: "tiny"\u202e\n';
  expect(fileName(shown, "model", "svg")).toBe("org-Qwen-2.5-tiny-model.svg");
});
