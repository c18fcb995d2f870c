import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MapInfo } from "../contract.gen";
import { encoded } from "./codes";
import { carriedOver, excerptParts, joinedParts } from "./excerpt-parts";
import { type HeadWeights, weightAt } from "./head-weights";
import { axesInSight, axesOf, type LensOptions, lensOf } from "./lens";
import { groupingOf, regrouped } from "./regroup";

const NOTHING: LensOptions = {
  threshold: null,
  topK: null,
  topOf: "query",
  hideSpecial: false,
  hideSink: false,
  mergeWords: false,
  closed: () => false,
};
const COUNT = 90;
const TOKENS = Array.from({ length: COUNT }, (_, at) => `t${at}`);
const INFO: MapInfo = {
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

const lensAt = (at: number, options: Partial<LensOptions> = {}) => {
  const all = { ...NOTHING, ...options };
  const axes = axesInSight(INFO, axesOf(INFO, all), { size: 8, query: at, key: at });
  return lensOf(INFO, all, axes, true);
};

/** A causal head: what a source has. */
const HEAD: HeadWeights = {
  numQueries: COUNT,
  numKeys: COUNT,
  ...encoded(
    Float32Array.from({ length: COUNT * COUNT }, (_, cell) => {
      const [query, key] = [Math.floor(cell / COUNT), cell % COUNT];
      return key <= query ? 1 / (query + 1) : 0;
    }),
  ),
};

function answer(request: { queries: number[][]; keys: number[][]; without_sink: boolean }): HeadWeights {
  return regrouped(HEAD, groupingOf(request.queries, COUNT), groupingOf(request.keys, COUNT), request.without_sink);
}

describe("the two parts of an excerpt", () => {
  it("together are the weights between all rows and columns of the lens", () => {
    fc.assert(
      fc.property(fc.nat(COUNT), fc.boolean(), (at, hideSink) => {
        const lens = lensAt(at, { hideSink });
        const { near, far } = excerptParts(lens, WHICH);
        const joined = joinedParts(lens, answer(near), far && answer(far));
        const direct = regrouped(HEAD, lens.queries, lens.keys, hideSink);
        expect([joined.numQueries, joined.numKeys]).toEqual([direct.numQueries, direct.numKeys]);
        expect([...joined.codes]).toEqual([...direct.codes]);
      }),
    );
  });

  it("show nothing in the rows that are not there yet", () => {
    const lens = lensAt(40);
    const joined = joinedParts(lens, answer(excerptParts(lens, WHICH).near), null);
    const [first, stop] = lens.queries.inSight;
    const sums = Array.from({ length: joined.numQueries }, (_, row) =>
      Array.from({ length: joined.numKeys }, (_, key) => weightAt(joined, row, key)).reduce((sum, one) => sum + one),
    );
    sums.forEach((sum, row) => {
      expect(sum).toBeCloseTo(row >= first && row < stop ? 1 : 0, 1);
    });
  });

  it("fit together also where one came with other codes", () => {
    const lens = lensAt(40);
    const { near, far } = excerptParts(lens, WHICH);
    const other = answer(far as typeof near);
    const values = Float32Array.from(other.codes, (code) => other.table[code] as number);
    const joined = joinedParts(lens, answer(near), { ...other, ...encoded([...values.slice(1), 2]) });
    expect(joined.codes).toHaveLength(lens.queries.groups.length * lens.keys.groups.length);
    expect(weightAt(joined, lens.queries.inSight[0], 0)).toBeCloseTo(1 / 41, 3);
  });
});

it("what moves on keeps the weights between single tokens until the others are there", () => {
  const [from, to] = [lensAt(40), lensAt(43)];
  const { near, far } = excerptParts(from, WHICH);
  const carried = carriedOver(joinedParts(from, answer(near), far && answer(far)), from, to);
  const row = to.queries.shownAt[45] as number;
  expect(weightAt(carried, row, to.keys.shownAt[44] as number)).toBeCloseTo(1 / 46, 3);
  const gathered = to.keys.groups.findIndex((group, column) => {
    const before = from.keys.groups[from.keys.shownAt[group[0] as number] as number] as readonly number[];
    return column < to.keys.inSight[0] && before.length !== group.length;
  });
  expect(gathered).toBeGreaterThan(-1);
  expect(weightAt(carried, row, gathered)).toBe(0);
});
