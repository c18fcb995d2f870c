// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Status } from "../core/context";
import { RESTARTED, STOPPED } from "../core/endings";
import { contextOf, fullSource, mapInfo } from "./testing";
import { textView } from "./text";

let ending: AbortController;

beforeEach(() => {
  ending = new AbortController();
  document.body.replaceChildren();
});

afterEach(() => ending.abort());

function open() {
  const maps = [mapInfo(["The", " cat"])];
  const context = contextOf(maps, fullSource(maps));
  const root = document.body.appendChild(document.createElement("div"));
  textView(root, context, ending.signal);
  const text = (part: string) => root.querySelector(part)?.textContent ?? "";
  return { context, word: () => text(".hs-status"), readout: () => text(".hs-readout") };
}

it.each<[Status, string, RegExp]>([
  ["live", "live", /^Shaded by/],
  ["busy", "kernel busy", /^Shaded by/],
  ["offline", "no connection", /^Shaded by/],
  ["restarted", "kernel restarted", new RegExp(RESTARTED)],
  ["stopped", "kernel stopped", new RegExp(STOPPED)],
])("says of a kernel that is %s what a reader is to know", (status, said, resting) => {
  const { context, word, readout } = open();
  context.status.value = status;
  expect(word()).toBe(said);
  expect(readout()).toMatch(resting);
});

it("says the weight that is pointed at also when the kernel has gone", () => {
  const { context, readout } = open();
  context.status.value = "restarted";
  context.selection.hover.value = { query: 1, key: null };
  expect(readout()).toContain("cat");
  expect(readout()).not.toContain(RESTARTED);
  context.selection.hover.value = { query: null, key: null };
  expect(readout()).toBe(RESTARTED);
});
