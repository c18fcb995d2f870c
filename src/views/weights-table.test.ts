// @vitest-environment happy-dom
import { computed, signal } from "@preact/signals-core";
import { expect, test } from "vitest";
import { createScene } from "./scene";
import { shownHeads } from "./shown-heads";
import { contextOf, fullSource, mapInfo } from "./testing";
import { mountTable } from "./weights-table";

function open(tokens: string[] = ["a", "b", "c"]) {
  const maps = [mapInfo(tokens)];
  const source = fullSource(maps);
  const scene = createScene(contextOf(maps, source), signal(false));
  const weights = [0, 1].map((head) => source.peek("block", "self", 0, head) as never);
  const answer = { kind: "block" as const, map: "self", layer: 0, heads: [0, 1], weights };
  mountTable(
    document.body,
    () => scene,
    { heads: computed(() => shownHeads(scene, answer)) },
    new AbortController().signal,
  );
  const details = document.querySelector("details:last-of-type") as HTMLDetailsElement;
  details.open = true;
  details.dispatchEvent(new Event("toggle"));
  const rows = () => [...details.querySelectorAll("tr")].map((row) => [...row.children].map((one) => one.textContent));
  return { scene, rows };
}

test("without a pin each query has a row, with a pin each key", () => {
  const { scene, rows } = open();
  expect(rows()).toEqual([
    ["query", "attends most to", "head 0", "head 1"],
    ["a", "a", "≈ 0.75", "≈ 0.020"],
    ["b", "b", "≈ 0.75", "≈ 0.020"],
    ["c", "a", "≈ 0.020", "≈ 0.75"],
  ]);
  scene.tokens.query.value = 1;
  expect(rows()[0]).toEqual(["b attends to", "head 0", "head 1"]);
  expect(rows()[2]).toEqual(["b", "≈ 0.75", "≈ 0.020"]);
  expect(rows()).toHaveLength(4);
});

test("looked at from the keys, each key has a row, and a pinned one is told from query to query", () => {
  const { scene, rows } = open();
  scene.context.options.aids.direction.value = "in";
  expect(rows()).toEqual([
    ["key", "is attended most by", "head 0", "head 1"],
    ["a", "a", "≈ 0.75", "≈ 0.020"],
    ["b", "a", "≈ 0.020", "≈ 0.75"],
    ["c", "b", "≈ 0.020", "≈ 0.75"],
  ]);
  scene.tokens.key.value = 1;
  expect(rows()[0]).toEqual(["b is attended by", "head 0", "head 1"]);
  expect(rows()[1]).toEqual(["a", "≈ 0.020", "≈ 0.75"]);
});

test("a long table says how many of its rows are not listed", () => {
  const { rows } = open(Array.from({ length: 230 }, (_, position) => `t${position}`));
  expect(rows()).toHaveLength(1 + 200 + 1);
  expect(rows().at(-1)).toEqual(["and 30 more, which are not listed"]);
});
