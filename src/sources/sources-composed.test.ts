// @vitest-environment happy-dom
import type { AnyModel } from "@anywidget/types";
import { describe, expect, it } from "vitest";
import { largestDifference } from "../../testing/golden";
import { DESCRIPTION, encoded, MemoryModel, packedMaps } from "../../testing/kernel";
import type { BlockRequest, MapDescription, Snapshot, StoreTraits } from "../contract.gen";
import { COMPOSED, withComposed } from "../core/composed/composed-map";
import type { Source } from "../core/state/source";
import type { HeadWeights } from "../core/weights/head-weights";
import { EmbeddedSource } from "./embedded/embedded";
import { packed } from "./embedded/packed";
import { PageParts } from "./embedded/page-parts";
import { SnapshotParts } from "./embedded/snapshot-parts";
import { KernelSource } from "./kernel/kernel";

const never = new AbortController().signal;
const SOURCE = ["a", "b", "c"];
const TARGET = ["x", "y"];
/** Codes in float16 and their weights: each map has one weight everywhere. */
const CODES = { encoder: 0x3400, decoder: 0x3800, cross: 0x3000 } as const;
const [ENCODER, DECODER, CROSS] = [0.25, 0.5, 0.125];

const map = (name: string, query_tokens: string[], key_tokens: string[]): MapDescription => ({
  ...DESCRIPTION,
  ...{ name, label: name, num_layers: 1, num_heads: [2], query_tokens, key_tokens, no_vectors: [""] },
});
const MAPS = withComposed([
  map("encoder", SOURCE, SOURCE),
  map("decoder", TARGET, TARGET),
  map("cross", TARGET, SOURCE),
]);

/** A block of one of the three maps, as the kernel encodes it. */
function blockOf(name: keyof typeof CODES, head: number): DataView {
  const { query_tokens, key_tokens } = MAPS.find((one) => one.name === name) as MapDescription;
  const [rows, columns] = [query_tokens.length, key_tokens.length];
  const place = {
    map: name,
    layer: 0,
    heads: [head],
    queries: [0, rows],
    keys: [0, columns],
    shape: [1, rows, columns],
  };
  return encoded({ kind: "block", ...place }, Array(rows * columns).fill(CODES[name]));
}

/** The texts in which a page or a notebook carries the layer of each map. */
async function carried() {
  const names = Object.keys(CODES) as (keyof typeof CODES)[];
  const bytesOf = ({ buffer, byteOffset, byteLength }: DataView) => new Uint8Array(buffer, byteOffset, byteLength);
  return Promise.all(
    names.map(async (name) => {
      const blocks = [0, 1].map((head) => bytesOf(blockOf(name, head)));
      return { name, data: await packed(Uint8Array.from(blocks.flatMap((block) => [...block]))) };
    }),
  );
}

async function openPage(): Promise<Source> {
  document.body.replaceChildren();
  for (const { name, data } of await carried()) {
    const part = document.body.appendChild(document.createElement("script"));
    part.type = "text/plain";
    part.id = `page-block-${name}-0`;
    part.textContent = data;
  }
  return new EmbeddedSource(new PageParts("page"), MAPS);
}

async function openSnapshot(): Promise<Source> {
  const parts = (await carried()).map(({ name, data }) => ({
    kind: "block",
    map: name,
    layer: 0,
    heads: [0, 1],
    data,
  }));
  return new EmbeddedSource(new SnapshotParts({ maps: MAPS, parts } as unknown as Snapshot), MAPS);
}

const ALL: BlockRequest = { kind: "overview", map: COMPOSED, layer: 0, heads: [1] };
const valuesOf = ({ codes, table }: HeadWeights) => Array.from(codes, (code) => table[code] as number);
const EXPECTED = [
  ...SOURCE.flatMap(() => [ENCODER, ENCODER, ENCODER, Number.NaN, Number.NaN]),
  ...TARGET.flatMap(() => [CROSS, CROSS, CROSS, DECODER, DECODER]),
];

describe.each([
  ["a page", openPage],
  ["a saved notebook", openSnapshot],
])("the picture of all in %s", (_, open) => {
  it("is composed of the three maps that are held", async () => {
    const source = await open();
    expect(source.peek("block", COMPOSED, 0, 1)).toBeUndefined();
    const [found] = await source.fetch(ALL, never);
    expect(largestDifference(valuesOf(found as HeadWeights), EXPECTED)).toBeLessThan(1e-4);
    expect(source.peek("block", COMPOSED, 0, 1)).toBe(found);
  });
});

describe("the picture of all of a kernel", () => {
  const open = () => {
    const model = new MemoryModel();
    model.set("maps", packedMaps(MAPS.slice(0, -1)));
    return { model, source: new KernelSource(model as unknown as AnyModel<StoreTraits>, never) };
  };

  it("is composed of what is in memory, without a request", () => {
    const { model, source } = open();
    for (const name of ["encoder", "decoder", "cross"] as const) {
      expect(source.peek("block", COMPOSED, 0, 1)).toBeUndefined();
      model.set("block", blockOf(name, 1));
      expect(source.peek("block", name, 0, 1)).toBeDefined();
    }
    const found = source.peek("block", COMPOSED, 0, 1);
    expect(largestDifference(valuesOf(found as HeadWeights), EXPECTED)).toBeLessThan(1e-4);
    expect(model.sent).toEqual([]);
  });
});
