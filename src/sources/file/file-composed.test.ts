import { expect, it } from "vitest";
import { largestDifference, readGolden } from "../../../testing/golden";
import { MemoryReader } from "../../core/file/byte-reader";
import { type HeadWeights, weightAt } from "../../core/weights/head-weights";
import { openFile } from "./open-file";

const never = new AbortController().signal;
const [SOURCE, SIZE] = [10, 16];

/** The picture of all of a golden file, and the weights that a head of it must have. */
async function opened() {
  const golden = await readGolden("t5");
  const file = await openFile(new MemoryReader(golden.bytes), never);
  const expected = (layer: number, head: number) => {
    const whole = new Float32Array(SIZE * SIZE).fill(Number.NaN);
    for (const [name, row, column, numQueries, numKeys] of [
      ["encoder", 0, 0, SOURCE, SOURCE],
      ["cross", SOURCE, 0, SIZE - SOURCE, SOURCE],
      ["decoder", SOURCE, SOURCE, SIZE - SOURCE, SIZE - SOURCE],
    ] as const) {
      const weights = golden.expected.get(`${name}.${layer}`) as Float32Array;
      const first = head * numQueries * numKeys;
      for (let query = 0; query < numQueries; query++) {
        const line = weights.subarray(first + query * numKeys, first + (query + 1) * numKeys);
        whole.set(line, (row + query) * SIZE + column);
      }
    }
    return whole;
  };
  return { file, source: file.source(), expected };
}

const valuesOf = ({ codes, table }: HeadWeights) => Float32Array.from(codes, (code) => table[code] as number);

it("shows all of an encoder-decoder's file in one map, which the file does not hold", async () => {
  const { file, source, expected } = await opened();
  expect(file.maps.map(({ name }) => name)).toEqual(["encoder", "decoder", "cross", "all"]);
  for (const layer of [0, 1]) {
    const heads = [...Array(file.maps[3]?.num_heads[layer] ?? 0).keys()];
    const found = await source.fetch({ kind: "overview", map: "all", layer, heads }, never);
    for (const head of heads) {
      expect(largestDifference(valuesOf(found[head] as HeadWeights), expected(layer, head))).toBeLessThan(1e-3);
    }
  }
  expect(source.peek("block", "all", 1, 0)).toBeDefined();
});

it("answers tiles and excerpts across its blocks", async () => {
  const { source, expected } = await opened();
  const place = { map: "all", layer: 1, heads: [1], pool: "max" as const };
  const tiles: HeadWeights[] = [];
  await source.tiles({ ...place, tiles: [[0, 0, 0]] }, "", ({ weights }) => tiles.push(weights), never);
  expect(largestDifference(valuesOf(tiles[0] as HeadWeights), expected(1, 1))).toBeLessThan(1e-3);
  const groups = [
    [0, SOURCE],
    [SOURCE, SIZE],
  ];
  const request = { map: "all", layer: 1, heads: [1], queries: groups, keys: groups };
  const [all] = await source.excerpt({ ...request, without: [] }, "", never);
  const [apart] = await source.excerpt({ ...request, keys: [[1, SOURCE]], without: [0, 1] }, "", never);
  const shares = [0, 1].flatMap((row) => [0, 1].map((column) => weightAt(all as HeadWeights, row, column)));
  expect(largestDifference(shares, [1, Number.NaN, 1, 1])).toBeLessThan(2e-3);
  // Without the first key, the cross-attention's other weights add up to 1, whatever the decoder's own are.
  expect(weightAt(apart as HeadWeights, 1, 0)).toBeCloseTo(1, 2);
});
