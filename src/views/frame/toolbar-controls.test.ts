import { afterEach, beforeEach, expect, it } from "vitest";
import { contextOf, fullSource, mapDescription } from "../../../testing/view";
import { textView } from "../text/text-view";

// @vitest-environment happy-dom

let ending: AbortController;

beforeEach(() => {
  ending = new AbortController();
  document.body.replaceChildren();
});

afterEach(() => ending.abort());

const MODULES = ["blocks.1.0.attention", "blocks.1.1.attention", "blocks.1.2.attention"];

function layerList(more: Parameters<typeof mapDescription>[1]) {
  const maps = [mapDescription(["The", " cat"], more)];
  const context = contextOf(maps, fullSource(maps));
  const root = document.body.appendChild(document.createElement("div"));
  textView(root, context, ending.signal);
  return { context, select: root.querySelector("select[aria-label='Layer']") as HTMLSelectElement };
}

it("lists layers by the model's own numbers, and says where they are", () => {
  const { context, select } = layerList({ modules: MODULES, layer_names: ["1.0", "1.1", "1.2"] });
  expect([...select.options].map((option) => option.label || option.textContent)).toEqual(["1.0", "1.1", "1.2"]);
  expect(select.title).toBe("blocks.1.0.attention, layer 0 of the map “self” in Python");
  context.selection.layer.value = 2;
  expect(select.value).toBe("2");
  expect(select.getAttribute("aria-description")).toContain("blocks.1.2.attention");
  select.value = "1";
  select.dispatchEvent(new Event("change"));
  expect(context.selection.layer.value).toBe(1);
});

it("numbers layers of which nothing is known", () => {
  const { select } = layerList({});
  expect([...select.options].map((option) => option.textContent)).toEqual(["0", "1", "2"]);
  expect(select.hasAttribute("title")).toBe(false);
});
