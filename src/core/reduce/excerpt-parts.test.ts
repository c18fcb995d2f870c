import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MapDescription } from "../../contract.gen";
import { encodeWeights, type HeadWeights, weightAt } from "../weights/head-weights";
import { carriedOver, excerptParts, joinedParts } from "./excerpt-parts";
import { groupingOf, groupTokens, positionsIn } from "./group-tokens";
import { axesInWindow, axesOf, type ShownMapOptions, shownMapOf } from "./shown-map";

const NOTHING: ShownMapOptions = {
  threshold: null,
  topK: null,
  topOf: "query",
  hideSpecial: false,
  excluded: [],
  mergeWords: false,
  closed: () => false,
};
const COUNT = 90;
const TOKENS = Array.from({ length: COUNT }, (_, at) => `t${at}`);
const DESCRIPTION: MapDescription = {
  name: "self",
  label: "Self",
  num_layers: 1,
  num_heads: [1],
  query_tokens: TOKENS,
  key_tokens: TOKENS,
  query_special: [],
  key_special: [],
  query_words: null,
  key_words: null,
  query_segments: [],
  key_segments: [],
  sentence_b_start: null,
  no_vectors: [""],
};
const WHICH = { map: "self", layer: 0, heads: [0] };

const shownMapAt = (at: number, options: Partial<ShownMapOptions> = {}) => {
  const all = { ...NOTHING, ...options };
  const axes = axesInWindow(DESCRIPTION, axesOf(DESCRIPTION, all), { size: 8, query: at, key: at });
  return shownMapOf(DESCRIPTION, all, axes, true);
};

/** A causal head, as a source holds it. */
const HEAD: HeadWeights = {
  numQueries: COUNT,
  numKeys: COUNT,
  ...encodeWeights(
    Float32Array.from({ length: COUNT * COUNT }, (_, cell) => {
      const [query, key] = [Math.floor(cell / COUNT), cell % COUNT];
      return key <= query ? 1 / (query + 1) : 0;
    }),
  ),
};

function answer(request: { queries: number[][]; keys: number[][]; without: number[] }): HeadWeights {
  return groupTokens(
    HEAD,
    groupingOf(request.queries, COUNT),
    groupingOf(request.keys, COUNT),
    positionsIn(request.without),
  );
}

describe("the two parts of an excerpt", () => {
  it("together give the weights between all rows and columns of the shown map", () => {
    fc.assert(
      fc.property(fc.nat(COUNT), fc.constantFrom([], [0], [0, 3]), (at, excluded) => {
        const shown = shownMapAt(at, { excluded });
        const { near, far } = excerptParts(shown, WHICH);
        const joined = joinedParts(shown, answer(near), far && answer(far));
        const direct = groupTokens(HEAD, shown.queries, shown.keys, excluded);
        expect([joined.numQueries, joined.numKeys]).toEqual([direct.numQueries, direct.numKeys]);
        expect([...joined.codes]).toEqual([...direct.codes]);
      }),
    );
  });

  it("have no weights in rows that have not arrived yet", () => {
    const shown = shownMapAt(40);
    const joined = joinedParts(shown, answer(excerptParts(shown, WHICH).near), null);
    const [first, stop] = shown.queries.visibleRows;
    const sums = Array.from({ length: joined.numQueries }, (_, row) =>
      Array.from({ length: joined.numKeys }, (_, key) => weightAt(joined, row, key)).reduce((sum, one) => sum + one),
    );
    sums.forEach((sum, row) => {
      expect(sum).toBeCloseTo(row >= first && row < stop ? 1 : 0, 1);
    });
  });

  it("can be joined if they came in different encodings", () => {
    const shown = shownMapAt(40);
    const { near, far } = excerptParts(shown, WHICH);
    const other = answer(far as typeof near);
    const values = Float32Array.from(other.codes, (code) => other.table[code] as number);
    const joined = joinedParts(shown, answer(near), { ...other, ...encodeWeights([...values.slice(1), 2]) });
    expect(joined.codes).toHaveLength(shown.queries.groups.length * shown.keys.groups.length);
    expect(weightAt(joined, shown.queries.visibleRows[0], 0)).toBeCloseTo(1 / 41, 3);
  });
});

it("a moved window keeps the weights between single tokens until its own arrive", () => {
  const [from, to] = [shownMapAt(40), shownMapAt(43)];
  const { near, far } = excerptParts(from, WHICH);
  const carried = carriedOver(joinedParts(from, answer(near), far && answer(far)), from, to);
  const row = to.queries.shownAt[45] as number;
  expect(weightAt(carried, row, to.keys.shownAt[44] as number)).toBeCloseTo(1 / 46, 3);
  const gathered = to.keys.groups.findIndex((group, column) => {
    const before = from.keys.groups[from.keys.shownAt[group[0] as number] as number] as readonly number[];
    return column < to.keys.visibleRows[0] && before.length !== group.length;
  });
  expect(gathered).toBeGreaterThan(-1);
  expect(weightAt(carried, row, gathered)).toBe(0);
});
