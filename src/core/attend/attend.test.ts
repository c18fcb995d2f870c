import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AttendedRows, type HeadInputs } from "./attend";
import type { Bias } from "./bias";
import type { Visible } from "./visible-keys";

const number = fc.float({ min: -4, max: 4, noNaN: true });
const floats = (length: number, of: fc.Arbitrary<number> = number) =>
  fc.array(of, { minLength: length, maxLength: length }).map((values) => Float32Array.from(values));
const bits = (length: number) =>
  fc.array(fc.nat(1), { minLength: length, maxLength: length }).map((values) => Uint8Array.from(values));
const ints = (length: number, most: number) =>
  fc.array(fc.nat(most), { minLength: length, maxLength: length }).map((values) => Int32Array.from(values));

function visible(numQueries: number, numKeys: number): fc.Arbitrary<Visible> {
  return fc.record({
    numKeys: fc.constant(numKeys),
    start: ints(numQueries, numKeys),
    stop: ints(numQueries, numKeys),
    shown: fc.option(bits(numKeys)),
    exceptions: fc.option(bits(numQueries * numKeys), { freq: 3 }),
  });
}

function bias(numQueries: number, numKeys: number): fc.Arbitrary<Bias> {
  const value = fc.oneof(number, fc.constant(Number.NEGATIVE_INFINITY));
  return fc.oneof(
    fc.record({
      kind: fc.constant("table" as const),
      table: floats(numQueries * numKeys, value),
      numKeys: fc.constant(numKeys),
    }),
    fc.record({
      kind: fc.constant("distance" as const),
      table: floats(41),
      zero: fc.constant(20),
      queryAt: ints(numQueries, 20),
      keyAt: ints(numKeys, 20),
    }),
  );
}

const head: fc.Arbitrary<HeadInputs> = fc
  .record({
    numQueries: fc.integer({ min: 1, max: 9 }),
    numKeys: fc.integer({ min: 1, max: 7 }),
    headDim: fc.integer({ min: 1, max: 5 }),
  })
  .chain(({ numQueries, numKeys, headDim }) =>
    fc.record({
      numQueries: fc.constant(numQueries),
      numKeys: fc.constant(numKeys),
      headDim: fc.constant(headDim),
      queries: floats(numQueries * headDim),
      keys: floats(numKeys * headDim),
      scaling: number,
      softcap: fc.option(fc.float({ min: 0.5, max: 30, noNaN: true })),
      sink: fc.option(number),
      visible: fc.option(visible(numQueries, numKeys)),
      biases: fc.array(bias(numQueries, numKeys), { maxLength: 2 }),
    }),
  );

/** A score before the softmax, computed as `docs/file-format.md` says. */
function scoreOf(head: HeadInputs, query: number, key: number): number {
  const { headDim, queries, keys, scaling, softcap, biases, visible } = head;
  let score = 0;
  for (let at = 0; at < headDim; at++) {
    score += (queries[query * headDim + at] as number) * (keys[key * headDim + at] as number);
  }
  score *= scaling;
  if (softcap !== null) score = softcap * Math.tanh(score / softcap);
  for (const one of biases) {
    score +=
      one.kind === "table"
        ? (one.table[query * one.numKeys + key] as number)
        : (one.table[(one.keyAt[key] as number) - (one.queryAt[query] as number) + one.zero] as number);
  }
  if (!visible) return score;
  const { start, stop, shown, exceptions } = visible;
  const sees = exceptions
    ? exceptions[query * head.numKeys + key] === 1
    : key >= (start[query] as number) && key < (stop[query] as number) && shown?.[key] !== 0;
  return sees ? score : Number.NEGATIVE_INFINITY;
}

function weightsOf(head: HeadInputs, query: number): number[] {
  const scores = Array.from({ length: head.numKeys }, (_, key) => scoreOf(head, query, key));
  const highest = Math.max(...scores, head.sink ?? Number.NEGATIVE_INFINITY);
  if (highest === Number.NEGATIVE_INFINITY) return scores.map(() => 0);
  const exponentials = scores.map((score) => Math.exp(score - highest));
  const ofSink = head.sink === null ? 0 : Math.exp(head.sink - highest);
  const total = exponentials.reduce((sum, one) => sum + one, ofSink);
  return exponentials.map((one) => one / total);
}

describe("AttendedRows", () => {
  it("applies every rule to any rows", () => {
    fc.assert(
      fc.property(head, fc.nat(8), fc.nat(8), (inputs, one, other) => {
        const [start, stop] = [Math.min(one, other), Math.min(inputs.numQueries, Math.max(one, other) + 1)];
        if (start >= stop) return;
        const rows = new AttendedRows(inputs);
        const into = new Float32Array((stop - start) * inputs.numKeys).fill(7);
        rows.write(start, stop, into);
        for (let query = start; query < stop; query++) {
          const found = into.subarray((query - start) * inputs.numKeys, (query - start + 1) * inputs.numKeys);
          weightsOf(inputs, query).forEach((weight, key) => {
            expect(found[key]).toBeCloseTo(weight, 6);
          });
        }
      }),
      { numRuns: 500 },
    );
  });

  it("finds the same weights for some keys alone, before and after the norms of the queries are known", () => {
    fc.assert(
      fc.property(
        head,
        fc.array(fc.tuple(fc.nat(8), fc.nat(8), fc.nat(6), fc.nat(6)), { maxLength: 4 }),
        (inputs, parts) => {
          const rows = new AttendedRows(inputs);
          for (const [a, b, c, d] of parts) {
            const [start, stop] = [Math.min(a, b), Math.min(inputs.numQueries, Math.max(a, b) + 1)];
            const [low, high] = [Math.min(c, d), Math.min(inputs.numKeys, Math.max(c, d) + 1)];
            if (start >= stop || low >= high) continue;
            const into = new Float32Array((stop - start) * (high - low)).fill(7);
            rows.write(start, stop, into, low, high);
            expect(rows.isDivisible(start, stop)).toBe(true);
            for (let query = start; query < stop; query++) {
              const found = into.subarray((query - start) * (high - low));
              const expected = weightsOf(inputs, query).slice(low, high);
              for (const [at, weight] of expected.entries()) expect(found[at]).toBeCloseTo(weight, 6);
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("makes a whole row NaN if one of its scores is NaN", () => {
    const rows = new AttendedRows({
      ...{ numQueries: 2, numKeys: 2, headDim: 1, scaling: 1, softcap: null, sink: null, visible: null, biases: [] },
      queries: Float32Array.of(Number.NaN, 1),
      keys: Float32Array.of(1, 1),
    });
    const into = new Float32Array(4);
    rows.write(0, 2, into);
    expect([...into]).toEqual([Number.NaN, Number.NaN, 0.5, 0.5]);
  });

  it("stays precise for large scores", () => {
    const rows = new AttendedRows({
      ...{ numQueries: 1, numKeys: 3, headDim: 1, scaling: 1, softcap: null, sink: null, visible: null, biases: [] },
      queries: Float32Array.of(1),
      keys: Float32Array.of(5000, 5000, -5000),
    });
    const into = new Float32Array(3);
    rows.write(0, 1, into);
    expect([...into]).toEqual([0.5, 0.5, 0]);
  });
});
