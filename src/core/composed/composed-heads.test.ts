import { expect, it } from "vitest";
import type { BlockRequest, MapPart } from "../../contract.gen";
import { encodeWeights, type HeadWeights, weightAt } from "../weights/head-weights";
import { composedHead, fetchComposed, peekComposed } from "./composed-heads";

function filled(numQueries: number, numKeys: number, weight: (query: number, key: number) => number): HeadWeights {
  const cells = Array.from({ length: numQueries * numKeys }, (_, at) => weight(Math.floor(at / numKeys), at % numKeys));
  return { numQueries, numKeys, ...encodeWeights(cells) };
}

const partsOf = (source: number, target: number): MapPart[] => [
  { name: "encoder", queries: [0, source], keys: [0, source] },
  { name: "cross", queries: [source, source + target], keys: [0, source] },
  { name: "decoder", queries: [source, source + target], keys: [source, source + target] },
];
const mapOf = (source: number, target: number) =>
  ({ query_tokens: Array(source + target).fill(""), parts: partsOf(source, target) }) as never;

const rowsOf = (weights: HeadWeights) =>
  Array.from({ length: weights.numQueries }, (_, query) =>
    Array.from({ length: weights.numKeys }, (_, key) => Number(weightAt(weights, query, key).toPrecision(3))),
  );

it("puts each attention in its place, and leaves out what nothing connects", () => {
  const [encoder, cross, decoder] = partsOf(2, 1) as [MapPart, MapPart, MapPart];
  const heads = [
    { part: encoder, weights: filled(2, 2, (query, key) => (query === key ? 0.75 : 0.25)) },
    { part: cross, weights: filled(1, 2, (_, key) => 0.5 + key / 10) },
    { part: decoder, weights: filled(1, 1, () => 1) },
  ];
  const { NaN: none } = Number;
  expect(rowsOf(composedHead(mapOf(2, 1), heads))).toEqual([
    [0.75, 0.25, none],
    [0.25, 0.75, none],
    [0.5, 0.6, 1],
  ]);
  expect(rowsOf(composedHead(mapOf(2, 1), heads.slice(1)))[0]).toEqual([none, none, none]);
});

it("pools weights to the bins of an overview, and moves those of overviews by half a bin at most", () => {
  const [source, target, bins] = [90, 38, 64];
  const [encoder, , decoder] = partsOf(source, target) as [MapPart, MapPart, MapPart];
  const exact = filled(target, target, (query, key) => (query * target + key) / (target * target));
  const found = composedHead(mapOf(source, target), [{ part: decoder, weights: exact }], bins);
  for (const [row, column] of [
    [45, 45],
    [50, 60],
    [63, 63],
  ] as const) {
    const largest = (2 * row + 1 - source) * target + (2 * column + 1 - source);
    expect(weightAt(found, row, column)).toBeCloseTo(largest / (target * target), 3);
  }
  const pooled = filled(bins, bins, (query, key) => (query === 63 && key === 0 ? 1 : 0.1));
  const moved = composedHead(mapOf(source, target), [{ part: encoder, weights: pooled }], bins);
  expect([43, 44, 45].map((row) => weightAt(moved, row, 0))).toEqual([expect.closeTo(0.1, 3), 1, Number.NaN]);
});

it("asks each attention only for the layers and heads that it has", async () => {
  const heads: Record<string, number[]> = { encoder: [4, 4], cross: [2], decoder: [2] };
  const describe = (name: string) => ({ num_heads: heads[name] ?? [] });
  const asked: BlockRequest[] = [];
  const fetch = async (request: BlockRequest) => {
    asked.push(request);
    const [queries, keys] = { encoder: [2, 2], cross: [1, 2], decoder: [1, 1] }[request.map] as [number, number];
    return request.heads.map((head) => filled(queries, keys, () => head / 10));
  };
  const request: BlockRequest = { kind: "block", map: "all", layer: 0, heads: [1, 3] };
  const found = await fetchComposed(mapOf(2, 1), request, describe, fetch);
  expect(asked.map(({ map, heads: own }) => [map, own])).toEqual([
    ["encoder", [1, 3]],
    ["cross", [1]],
    ["decoder", [1]],
  ]);
  expect(rowsOf(found[0] as HeadWeights)[2]).toEqual([0.1, 0.1, 0.1]);
  expect(rowsOf(found[1] as HeadWeights)[0]).toEqual([0.3, 0.3, Number.NaN]);
  expect(rowsOf(found[1] as HeadWeights)[2]).toEqual(Array(3).fill(Number.NaN));
  await fetchComposed(mapOf(2, 1), { ...request, layer: 1 }, describe, fetch);
  expect(asked.slice(3).map(({ map }) => map)).toEqual(["encoder"]);
  const peeked = peekComposed(mapOf(2, 1), 0, 1, describe, (name) => (name === "cross" ? undefined : found[0]));
  expect(peeked).toBeUndefined();
});
