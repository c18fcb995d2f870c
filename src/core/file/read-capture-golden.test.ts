import { describe, expect, it } from "vitest";
import { type Golden, goldenNames, largestDifference, readGolden } from "../../../testing/golden";
import { drain } from "../../../testing/rows";
import { OVERVIEW_BINS } from "../../contract.gen";
import { chainOf } from "../attend/chain";
import { computeRows } from "../attend/compute-head";
import { loadHead } from "../attend/load-head";
import { hasVectors, loadVectors } from "../attend/load-vectors";
import type { FileRecord } from "./layer-record";
import { readBytes, wholeOf } from "./safetensors-values";

const never = new AbortController().signal;
const CLOSE = 1e-5;

/** Every head of every layer with its expected weights; null for a layer that was not kept. */
function* heads({ capture, expected }: Golden) {
  for (const { description, records } of capture.maps) {
    for (const [layer, record] of records.entries()) {
      const weights = expected.get(`${description.name}.${layer}`);
      const size = record.numQueries * record.numKeys;
      for (let head = 0; head < record.numHeads; head++) {
        const where = `${description.name}, layer ${layer}, head ${head}`;
        yield { where, record, head, weights: weights?.subarray(head * size, (head + 1) * size) ?? null };
      }
    }
  }
}

/**
 * Removes the share of the keys that pad an image. They take part in the softmax of a piece but are no keys of the map.
 */
function withoutPadding(row: Float32Array): Float32Array {
  const total = row.reduce((sum, weight) => sum + weight, 0);
  return row.map((weight) => weight / total);
}

function pooled(weights: Float32Array, { numQueries, numKeys }: FileRecord): Float32Array {
  const [rows, columns] = [Math.min(numQueries, OVERVIEW_BINS), Math.min(numKeys, OVERVIEW_BINS)];
  const found = new Float32Array(rows * columns);
  weights.forEach((weight, at) => {
    const [query, key] = [Math.floor(at / numKeys), at % numKeys];
    const bin = Math.floor(((query + 1) * rows - 1) / numQueries) * columns;
    const cell = bin + Math.floor(((key + 1) * columns - 1) / numKeys);
    found[cell] = Math.max(found[cell] as number, weight);
  });
  return found;
}

describe.each(goldenNames())("the golden file %s", (name) => {
  it("holds the weights that Python finds in it", async () => {
    const golden = await readGolden(name);
    let compared = 0;
    for (const { where, record, head, weights } of heads(golden)) {
      const rows = await loadHead(golden.file, record, head, never);
      const found = drain(computeRows(rows, 0, rows.numQueries));
      if (!weights) expect([where, record.kind, found.every(Number.isNaN)]).toEqual([where, "missing", true]);
      else expect.soft(largestDifference(found, weights), where).toBeLessThan(CLOSE);
      compared += Number(weights !== null);
    }
    expect(compared).toBe([...heads(golden)].filter(({ record }) => record.kind !== "missing").length);
    expect(compared).toBeGreaterThan(0);
  });

  it("holds vectors from which the neuron view computes the same weights", async () => {
    const golden = await readGolden(name);
    for (const { where, record, head, weights } of heads(golden)) {
      if (!hasVectors(record)) continue;
      const { numQueries, numKeys } = record;
      const [start, stop] = [Math.floor(numQueries / 3), numQueries];
      const vectors = await loadVectors(golden.file, record, head, [start, stop], never);
      for (let query = start; query < stop; query++) {
        const whole = (weights as Float32Array).subarray(query * numKeys, (query + 1) * numKeys);
        const row = record.kind === "pieces" ? withoutPadding(whole) : whole;
        const { softmax } = chainOf(vectors, query);
        expect.soft(largestDifference(Float32Array.from(softmax), row), `${where}, query ${query}`).toBeLessThan(CLOSE);
      }
    }
  });

  it("has overviews with the largest weight of each bin when there are more positions than bins", async () => {
    const golden = await readGolden(name);
    for (const { where, record, head, weights } of heads(golden)) {
      const isLong = Math.max(record.numQueries, record.numKeys) > OVERVIEW_BINS;
      expect(record.overview !== null, where).toBe(isLong && record.kind !== "missing");
      if (!record.overview || !weights) continue;
      const size = record.overview.shape.slice(1).reduce((a, b) => a * b);
      expect(record.overview.dtype, where).toBe("U8");
      const codes = await readBytes(golden.file, record.overview, wholeOf(record.overview), never);
      const found = Float32Array.from(codes.subarray(head * size, (head + 1) * size), (code) => code / 254);
      expect.soft(largestDifference(found, pooled(weights, record).map(Math.sqrt)), where).toBeLessThan(0.51 / 254);
    }
  });
});
