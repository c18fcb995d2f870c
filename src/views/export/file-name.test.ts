import { signal } from "@preact/signals-core";
import { expect, test } from "vitest";
import { contextOf, fullSource, mapDescription } from "../../../testing/view";
import { createScene } from "../scene/scene";
import { fileName } from "./file-name";

const MAP = mapDescription(["[CLS]", "the", " cat"], { sentence_b_start: 2 });

test("a file is named after the model, the view, the layer and a few heads", () => {
  const context = contextOf([MAP], fullSource([MAP]));
  const shown = createScene(context, signal(false));
  expect(fileName(shown, "head", "svg")).toBe("Tiny-head-layer-0.svg");
  context.selection.heads.value = [1, 3];
  expect(fileName(shown, "matrix", "png")).toBe("Tiny-matrix-layer-0-head-1-3.png");
  expect(fileName(shown, "model", "html")).toBe("Tiny-model.html");
  context.name.value = '../org/Qwen 2.5: "tiny"\u202e\n';
  expect(fileName(shown, "model", "svg")).toBe("org-Qwen-2.5-tiny-model.svg");
});
