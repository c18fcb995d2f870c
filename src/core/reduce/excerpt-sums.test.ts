import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drain, headInputs, randomGroups } from "../../../testing/rows";
import { AttendedRows, type HeadInputs } from "../attend/attend";
import { computeHead } from "../attend/compute-head";
import { MissingRows, type WeightRows } from "../attend/weight-rows";
import { addRows, ExcerptSums, extentOf } from "./excerpt-sums";
import { excerptOf, groupingOf, groupTokens } from "./group-tokens";

const SIZE = 41;

function excerpt(rows: WeightRows, queries: number[][], keys: number[][], without: readonly number[]): ExcerptSums {
  const sums = new ExcerptSums(groupingOf(queries, rows.numQueries), groupingOf(keys, rows.numKeys), without);
  drain(addRows(rows, sums, ...extentOf(sums.queries)));
  return sums;
}

/** Computes the same from whole rows, by definition. */
function direct(head: HeadInputs, queries: number[][], keys: number[][], without: readonly number[]): number[] {
  const rows = new AttendedRows(head);
  const weights = new Float32Array(SIZE * SIZE);
  rows.write(0, SIZE, weights);
  const members = (ranges: number[]) => groupingOf([ranges], SIZE).groups[0] as number[];
  const shares = Array.from({ length: SIZE }, (_, query) => {
    const row = weights.subarray(query * SIZE, (query + 1) * SIZE);
    const rest = row.reduce((sum, weight, key) => sum + (without.includes(key) ? 0 : weight), 0);
    return without.length > 0 && rest > 0 ? 1 / rest : 1;
  });
  const share = (query: number, key: number) => (shares[query] as number) * (weights[query * SIZE + key] as number);
  const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0);
  return queries.map(members).flatMap((rows) =>
    keys.map(members).map((columns) => {
      const sums = rows.map((query) => total(columns.map((key) => share(query, key))));
      return total(sums) / rows.length;
    }),
  );
}

describe("an excerpt of rows", () => {
  it("is the sum over keys and the mean over queries, for any groups", () => {
    const groups = randomGroups(SIZE);
    fc.assert(
      fc.property(
        fc.nat(99),
        fc.boolean(),
        groups,
        groups,
        fc.constantFrom([], [0], [0, 5, 6]),
        (seed, isCausal, queries, keys, sink) => {
          const head = headInputs(SIZE, SIZE, seed, isCausal);
          const { values } = excerpt(new AttendedRows(head), queries, keys, sink);
          const expected = direct(head, queries, keys, sink);
          for (const [at, weight] of expected.entries()) expect(values[at]).toBeCloseTo(weight, 6);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("equals what the whole head gives, up to the precision of its encoding", () => {
    const head = headInputs(SIZE, SIZE, 5, true);
    const [queries, keys] = [
      [
        [0, 3],
        [3, 4],
        [9, 20, 30, 41],
      ],
      [
        [1, 2],
        [2, 40],
      ],
    ];
    const found = excerptOf(excerpt(new AttendedRows(head), queries, keys, [0]));
    const whole = drain(computeHead(new AttendedRows(head)));
    const expected = groupTokens(whole, groupingOf(queries, SIZE), groupingOf(keys, SIZE), [0]);
    expect(found).toMatchObject({ numQueries: 3, numKeys: 2, dtype: "decimal16" });
    expected.codes.forEach((code, at) => {
      const weight = expected.table[code] as number;
      expect(Math.abs((found.table[found.codes[at] as number] as number) - weight)).toBeLessThan(1e-3 * weight);
    });
  });

  it("computes only the rows of its groups, a few at a time", () => {
    const written: [number, number][] = [];
    const rows = new AttendedRows(headInputs(4096, 4096, 1, true));
    const watched: WeightRows = Object.create(rows, {
      ...{ numQueries: { value: 4096 }, numKeys: { value: 4096 }, cost: { value: 64 } },
      seen: { value: () => [0, 4096] },
      write: { value: (start: number, stop: number) => written.push([start, stop]) },
    });
    excerpt(
      watched,
      [
        [1000, 1003, 1010, 1012],
        [1012, 1050],
      ],
      [[0, 4096]],
      [],
    );
    expect(written[0]).toEqual([1000, 1003]);
    expect(written.reduce((sum, [start, stop]) => sum + stop - start, 0)).toBe(43);
    expect(Math.max(...written.map(([start, stop]) => stop - start))).toBe(16);
  });

  it("is missing where the layer was not kept, and computes nothing", () => {
    const { values } = excerpt(
      new MissingRows(1 << 20, 1 << 20),
      [[0, 1 << 20]],
      [
        [0, 5],
        [5, 6],
      ],
      [],
    );
    expect([...values]).toEqual([Number.NaN, Number.NaN]);
  });

  it.each([
    [
      [
        [0, 3],
        [2, 4],
      ],
    ],
    [[[4, 4]]],
    [[[]]],
    [[[0, 3, 5]]],
    [[[0, 42]]],
    [[[-1, 3]]],
    [[[0.5, 3]]],
  ])("refuses invalid groups: %j", (groups) => {
    expect(() => groupingOf(groups, SIZE)).toThrow("ascending ranges within 0 to 41");
  });

  it("is empty without groups", () => {
    expect(excerpt(new AttendedRows(headInputs(3, 3, 1, true)), [], [[0, 3]], []).values).toHaveLength(0);
  });
});
