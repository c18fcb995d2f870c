import { afterEach, beforeEach, expect, test } from "vitest";
import { contextOf, fullSource, mapDescription, named, press } from "../../../testing/view";
import type { MapDescription } from "../../contract.gen";
import type { View } from "../../core/state/context";
import { headView } from "../head/head-view";
import { matrixView } from "../matrix/matrix-view";
import { textView } from "../text/text-view";

// @vitest-environment happy-dom

let ending: AbortController;

beforeEach(() => {
  ending = new AbortController();
  document.body.replaceChildren();
});

afterEach(() => ending.abort());

const TOKENS = ["[CLS]", " the", " cat", " sat", " the"];
const CROSS = mapDescription(TOKENS, { name: "cross", key_tokens: ["le", "chat"] });

function open(view: View, description: MapDescription = mapDescription(TOKENS)) {
  const context = contextOf([description], fullSource([description]));
  const root = document.createElement("div");
  document.body.append(root);
  view(root, context, ending.signal);
  const token = (side: string, position: number) => root.querySelector(`[data-${side}="${position}"]`) as HTMLElement;
  const turn = (label: string) => {
    const all = [...root.querySelectorAll<HTMLElement>(".hs-segments > button")];
    all.find((one) => one.textContent === label && !one.closest("[hidden]:not(.hs-menu)"))?.click();
  };
  const pins = () => [context.selection.query.value, context.selection.key.value];
  const find = (text: string) => {
    const field = named(root, "Find a token") as HTMLInputElement;
    field.value = text;
    field.dispatchEvent(new Event("input"));
    press(field, "Enter");
  };
  return { root, context, token, turn, pins, find };
}

test("the title shows the direction, and switching moves a pinned token to its other side and back", () => {
  const { root, token, turn, pins } = open(headView);
  const title = () => root.querySelector(".hs-direction")?.textContent;
  token("query", 2).click();
  expect([title(), pins()]).toEqual(["attends to →", [2, null]]);
  turn("attended to by");
  expect([title(), pins()]).toEqual(["← attended to by", [null, 2]]);
  turn("attends to");
  expect(pins()).toEqual([2, null]);
});

test("a pinned pair stays, and its weight moves to the other side", () => {
  const { context, token, turn, pins } = open(headView);
  context.selection.heads.value = [1];
  token("query", 2).click();
  token("key", 3).click();
  expect([token("query", 2).dataset.weight, token("key", 3).dataset.weight]).toEqual([undefined, "≈ 0.75"]);
  turn("attended to by");
  expect(pins()).toEqual([2, 3]);
  expect([token("query", 2).dataset.weight, token("key", 3).dataset.weight]).toEqual(["≈ 0.75", undefined]);
});

test("a token of one text does not become a token of another", () => {
  const { context, turn, pins } = open(headView, CROSS);
  context.selection.query.value = 3;
  turn("attended to by");
  expect([context.options.aids.direction.value, pins()]).toEqual(["in", [3, null]]);
});

test("a found token is pinned on the side from which tokens are read", () => {
  const { turn, pins, find } = open(headView);
  find("the");
  expect(pins()).toEqual([1, null]);
  turn("attended to by");
  expect(pins()).toEqual([null, 1]);
  find("the");
  expect(pins()).toEqual([null, 4]);
});

test("an exact match comes first, then one in other letter case, then a token that contains the text", () => {
  const { pins, find } = open(headView, mapDescription(["There", " The", " the", " bathe"]));
  find("the");
  expect(pins()).toEqual([2, null]);
  find("the");
  expect(pins()).toEqual([3, null]);
  find("the");
  expect(pins()).toEqual([0, null]);
  find("The");
  expect(pins()).toEqual([1, null]);
  find("BATHE");
  expect(pins()).toEqual([3, null]);
});

test("the strongest weights are counted along the direction, and the field says which", () => {
  const { root, context, turn } = open(headView);
  const shown = () => root.querySelector(".hs-shown")?.textContent;
  context.options.aids.topK.value = 1;
  expect(named(root, "Top keys per query").isConnected).toBe(true);
  expect(shown()).toContain("(strongest key)");
  turn("attended to by");
  expect(named(root, "Top queries per key").isConnected).toBe(true);
  expect(shown()).toContain("(strongest query of each key)");
});

test("the heat map highlights the row or column that is read", () => {
  const { root, turn } = open(matrixView);
  expect(root.querySelector<HTMLElement>(".hs-panels")?.dataset.from).toBe("query");
  turn("attended to by");
  expect(root.querySelector<HTMLElement>(".hs-panels")?.dataset.from).toBe("key");
});

test("the text view offers the direction in its toolbar, and among the aids only while it shows two texts", () => {
  const places = (root: HTMLElement) =>
    [...root.querySelectorAll(".hs-segments")]
      .filter((one) => !one.closest("[hidden]:not(.hs-menu)"))
      .map((one) => (one.closest(".hs-menu") ? "aids" : "toolbar"));
  expect(places(open(textView).root)).toEqual(["toolbar"]);
  expect(places(open(textView, CROSS).root)).toEqual(["aids"]);
  expect(places(open(headView).root)).toEqual(["aids"]);
});
