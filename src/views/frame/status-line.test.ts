import { afterEach, beforeEach, expect, it } from "vitest";
import { contextOf, fullSource, mapDescription } from "../../../testing/view";
import type { MapDescription } from "../../contract.gen";
import type { Status } from "../../core/state/context";
import { RESTARTED, STOPPED } from "../../core/state/kernel-messages";
import { textView } from "../text/text-view";

// @vitest-environment happy-dom

let ending: AbortController;

beforeEach(() => {
  ending = new AbortController();
  document.body.replaceChildren();
});

afterEach(() => ending.abort());

function open(more: Partial<MapDescription> = {}) {
  const maps = [mapDescription(["The", " cat"], more)];
  const context = contextOf(maps, fullSource(maps));
  const root = document.body.appendChild(document.createElement("div"));
  textView(root, context, ending.signal);
  const text = (part: string) => root.querySelector(part)?.textContent ?? "";
  return { context, root, word: () => text(".hs-status"), readout: () => text(".hs-readout") };
}

it.each<[Status, string, RegExp]>([
  ["live", "live", /^Shaded by/],
  ["busy", "kernel busy", /^Shaded by/],
  ["offline", "no connection", /^Shaded by/],
  ["restarted", "kernel restarted", new RegExp(RESTARTED)],
  ["stopped", "kernel stopped", new RegExp(STOPPED)],
])("says what a reader needs to know about a kernel that is %s", (status, said, resting) => {
  const { context, word, readout } = open();
  context.status.value = status;
  expect(word()).toBe(said);
  expect(readout()).toMatch(resting);
});

it("shows the weight under the pointer even after the kernel has gone", () => {
  const { context, readout } = open();
  context.status.value = "restarted";
  context.selection.hover.value = { query: 1, key: null };
  expect(readout()).toContain("cat");
  expect(readout()).not.toContain(RESTARTED);
  context.selection.hover.value = { query: null, key: null };
  expect(readout()).toBe(RESTARTED);
});

it.each([
  [{ difference: 2.7e-7 }, /2 tokens, proved to 3e-7$/, /held against what the model computed/],
  [{ difference: null }, /2 tokens, weights as given$/, /weights were passed in/],
  [{ difference: null, no_vectors: ["", "", ""] }, /2 tokens, queries and keys as given$/, /keys were passed in/],
])("says how sure the weights are", (more, shown, meaning) => {
  const line = open(more).root.querySelector<HTMLElement>(".hs-shown");
  expect(line?.textContent).toMatch(shown);
  expect(line?.title).toMatch(meaning);
});

it("says nothing of a proof that an older file does not have", () => {
  const line = open().root.querySelector<HTMLElement>(".hs-shown");
  expect(line?.textContent).toMatch(/2 tokens$/);
  expect(line?.title).toBe("");
});
