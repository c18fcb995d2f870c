import { signal } from "@preact/signals-core";
import { expect, test } from "vitest";
import { contextOf, MemorySource, mapDescription } from "../../../testing/view";
import { followFocus } from "./focus";
import { createScene } from "./scene";

function setUp() {
  const description = mapDescription(["a", "b", "c", "d"], { sentence_b_start: 2 });
  const { selection, ...rest } = contextOf([description], new MemorySource());
  const scene = createScene({ selection, ...rest }, signal(false));
  return { selection, focus: followFocus(scene) };
}

test("pointing isolates one token, pinning keeps it, and pointing at another takes precedence", () => {
  const { selection, focus } = setUp();
  expect(focus.value.lines).toEqual({ query: null, key: null });
  selection.hover.value = { query: 1, key: null };
  expect(focus.value.lines).toEqual({ query: 1, key: null });
  selection.query.value = 3;
  expect(focus.value.lines).toEqual({ query: 1, key: null });
  selection.hover.value = { query: null, key: null };
  expect(focus.value.lines).toEqual({ query: 3, key: null });
});

test("with a token pinned, the other side is read but not isolated", () => {
  const { selection, focus } = setUp();
  selection.query.value = 3;
  selection.hover.value = { query: null, key: 0 };
  expect(focus.value).toEqual({ lines: { query: 3, key: null }, tokens: { query: 3, key: 0 } });
  selection.query.value = null;
  selection.key.value = 2;
  selection.hover.value = { query: 1, key: null };
  expect(focus.value).toEqual({ lines: { query: null, key: 2 }, tokens: { query: 1, key: 2 } });
});

test("two pinned tokens are a pair", () => {
  const { selection, focus } = setUp();
  selection.query.value = 0;
  selection.key.value = 1;
  expect(focus.value.lines).toEqual({ query: 0, key: 1 });
});

test("a token that the filter hides has no focus", () => {
  const { selection, focus } = setUp();
  selection.query.value = 0;
  selection.pair.value = "ba";
  expect(focus.value.tokens).toEqual({ query: null, key: null });
  selection.query.value = 2;
  expect(focus.value.tokens).toEqual({ query: 2, key: null });
});
