import { describe, expect, it } from "vitest";
import { largestDifference, type Pooled, pooledNames, readGolden, readPooled } from "../../../testing/golden";
import { drain } from "../../../testing/rows";
import { loadHead } from "../attend/load-head";
import type { WeightRows } from "../attend/weight-rows";
import { addRows, ExcerptSums, extentOf } from "../reduce/excerpt-sums";
import { groupingOf } from "../reduce/group-tokens";
import { fillTiles, TileBins } from "../tiles/tile-bins";
import type { FileRecord } from "./layer-record";

const never = new AbortController().signal;
const CLOSE = 1e-5;

function answer(rows: WeightRows, wanted: Pooled): Float64Array {
  if (wanted.kind === "tile") {
    const bins = new TileBins(wanted, rows.numQueries, rows.numKeys, wanted.pool);
    drain(fillTiles(rows, [bins], bins.queries.start, bins.queries.stop));
    return bins.values();
  }
  const [queries, keys] = [groupingOf(wanted.queries, rows.numQueries), groupingOf(wanted.keys, rows.numKeys)];
  const sums = new ExcerptSums(queries, keys, wanted.without_sink ? [0] : []);
  drain(addRows(rows, sums, ...extentOf(queries)));
  return sums.values;
}

describe.each(pooledNames())("the golden file %s", (name) => {
  it("has the excerpts and tiles that Python finds in it, in any order", async () => {
    const [{ capture, file }, pooled] = [await readGolden(name), await readPooled(name)];
    expect(pooled.length).toBeGreaterThan(0);
    for (const order of [pooled, [...pooled].reverse()]) {
      const loaded = new Map<string, WeightRows>();
      for (const wanted of order) {
        const { map, layer, values } = wanted;
        const record = capture.maps.find(({ description }) => description.name === map)?.records[layer] as FileRecord;
        const size = values.length / record.numHeads;
        for (let head = 0; head < record.numHeads; head++) {
          const place = `${map}.${layer}.${head}`;
          const rows = loaded.get(place) ?? (await loadHead(file, record, head, never));
          // Whether the norms are known by now depends on the order.
          loaded.set(place, rows);
          const expected = values.subarray(head * size, (head + 1) * size);
          expect
            .soft(largestDifference(answer(rows, wanted), expected), JSON.stringify({ ...wanted, values: null }))
            .toBeLessThan(CLOSE);
        }
      }
    }
  });
});

it("some golden files have several levels of tiles", async () => {
  const all = await Promise.all(pooledNames().map(readPooled));
  const levels = all.flat().flatMap((wanted) => (wanted.kind === "tile" ? [wanted.level] : []));
  expect(new Set(levels)).toEqual(new Set([0, 1, 2]));
});
