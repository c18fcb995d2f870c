import { computed, signal } from "@preact/signals-core";
import { expect, test } from "vitest";
import { contextOf, fullSource, mapDescription } from "../../../testing/view";
import { createScene } from "../scene/scene";
import { shownHeads } from "../scene/shown-heads";
import { csvOf, mountWeightsTable, openWeightsTable } from "./weights-table";

// @vitest-environment happy-dom

function open(tokens: string[] = ["a", "b", "c"]) {
  const maps = [mapDescription(tokens)];
  const source = fullSource(maps);
  const scene = createScene(contextOf(maps, source), signal(false));
  const weights = [0, 1].map((head) => source.peek("block", "self", 0, head) as never);
  const answer = { kind: "block" as const, map: "self", layer: 0, heads: [0, 1], weights };
  mountWeightsTable(
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

test("there is a row for each query, or for each key once a query is pinned", () => {
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

test("read from the keys, there is a row for each key, or for each query once a key is pinned", () => {
  const { scene, rows } = open();
  scene.context.options.aids.direction.value = "in";
  expect(rows()).toEqual([
    ["key", "is attended most by", "head 0", "head 1"],
    ["a", "a", "≈ 0.75", "≈ 0.020"],
    ["b", "a", "≈ 0.020", "≈ 0.75"],
    ["c", "b", "≈ 0.020", "≈ 0.75"],
  ]);
  scene.tokens.key.value = 1;
  expect(rows()[0]).toEqual(["b is attended to by", "head 0", "head 1"]);
  expect(rows()[1]).toEqual(["a", "≈ 0.020", "≈ 0.75"]);
});

test("a long table says how many rows it leaves out", () => {
  const { rows } = open(Array.from({ length: 230 }, (_, position) => `t${position}`));
  expect(rows()).toHaveLength(1 + 200 + 1);
  expect(rows().at(-1)).toEqual(["and 30 more, which are not listed"]);
});

test("cells of CSV are quoted where a comma, a quote or a space at an end would be lost", () => {
  expect(
    csvOf([
      ["key", "head 0"],
      [" the", "0.5"],
      [',"', "0.25"],
    ]),
  ).toBe('key,head 0\r\n" the",0.5\r\n",""",0.25\r\n');
});

test("Export opens the table where a view shows heads", () => {
  open();
  const details = document.querySelector("details:last-of-type") as HTMLDetailsElement;
  details.open = false;
  const root = document.createElement("div");
  root.append(details);
  expect([openWeightsTable(root), details.open]).toEqual([true, true]);
  details.hidden = true;
  expect(openWeightsTable(root)).toBe(false);
});
