import { batch, signal } from "@preact/signals-core";
import { expect, test } from "vitest";
import { selection as newSelection } from "../../../testing/selection";
import type { OwnPlace } from "../../contract.gen";
import type { Selection } from "./context";
import { followingState, ownPlace } from "./own-place";

const never = new AbortController().signal;

function view(capture: Selection, own: OwnPlace = {}, waiting: string[] = [], ended = never) {
  const state = { own: signal(own), waiting: signal<readonly string[]>(waiting) };
  return { ...ownPlace(capture, state, ended), state };
}

test("a view that owns nothing is where its capture is, and moves it", () => {
  const capture = newSelection();
  const { selection } = ownPlace(capture, followingState(), never);
  capture.layer.value = 4;
  expect(selection.layer.value).toBe(4);
  selection.query.value = 2;
  expect(capture.query.value).toBe(2);
});

test("an own field is read and written in the view alone, together with others in one step", () => {
  const capture = newSelection();
  const { selection, state } = view(capture, { layer: 2, heads: [5] });
  capture.layer.value = 1;
  capture.heads.value = [0];
  expect([selection.layer.value, selection.heads.value]).toEqual([2, [5]]);
  batch(() => {
    selection.layer.value = 3;
    selection.heads.value = null;
    selection.key.value = 7;
  });
  expect(state.own.value).toEqual({ layer: 3, heads: null });
  expect([capture.layer.value, capture.heads.value, capture.key.value]).toEqual([1, [0], 7]);
});

test("what waits is given up when the capture moves it, or the reader does", () => {
  const capture = newSelection();
  capture.query.value = 4;
  const { selection, state, chain } = view(capture, { layer: 2, query: null, key: null }, ["query", "key"]);
  expect([selection.query.value, chain.following.value, chain.kept.value]).toEqual([null, "part", ["layer"]]);
  capture.layer.value = 1;
  expect(selection.query.value).toBeNull();
  capture.query.value = 5;
  expect([selection.query.value, state.waiting.value]).toEqual([5, ["key"]]);
  selection.key.value = 3;
  expect([capture.key.value, state.own.value, state.waiting.value]).toEqual([3, { layer: 2 }, []]);
});

test("nothing is given up after the end", () => {
  const [capture, end] = [newSelection(), new AbortController()];
  const { state } = view(capture, { query: null }, ["query"], end.signal);
  end.abort();
  capture.query.value = 1;
  expect(state.waiting.value).toEqual(["query"]);
});

test("tokens under the pointer are shared by views of one map", () => {
  const capture = newSelection();
  const [here, there] = [view(capture, { map: "self" }), view(capture, { map: "cross" })];
  here.selection.hover.value = { query: 1, key: 2 };
  expect(capture.hover.value).toEqual({ query: 1, key: 2 });
  expect(there.selection.hover.value).toEqual({ query: null, key: null });
  there.selection.hover.value = { query: 0, key: null };
  expect(here.selection.hover.value).toEqual({ query: 1, key: 2 });
});
