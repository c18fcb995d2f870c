// @vitest-environment happy-dom
import type { AnyModel } from "@anywidget/types";
import { metadataOf } from "../../testing/attention-file";
import { describeSource } from "../../testing/conformance";
import { CAPTURE, HEAD_DIM, lengthOf, overviewOf, SCALING, weightsOf } from "../../testing/conformance-capture";
import { excerptExpected, tileExpected } from "../../testing/conformance-pooling";
import { encoded, MemoryModel } from "../../testing/kernel";
import { f32, i32, safetensorsFile, type Written } from "../../testing/safetensors";
import { frameOf, PLAIN_RULE } from "../../testing/vectors";
import type {
  BlockHeader,
  BlockRequest,
  ExcerptHeader,
  ExcerptRequest,
  Snapshot,
  SnapshotPart,
  StoreTraits,
  TileHeader,
  TileRequest,
  VectorRequest,
} from "../contract.gen";
import { MemoryReader } from "../core/file/byte-reader";
import { TileBins } from "../core/tiles/tile-bins";
import { checkPlace, tilesOf } from "../core/tiles/tiles";
import { decimalOf } from "../core/weights/codecs/decimal16";
import { float16Of } from "../core/weights/codecs/float16";
import { EmbeddedSource } from "./embedded/embedded";
import { PageParts } from "./embedded/page-parts";
import { SnapshotParts } from "./embedded/snapshot-parts";
import { openFile } from "./file/open-file";
import { KernelSource } from "./kernel/kernel";

/** Encodes the blocks of some heads as the kernel does. */
function blocksOf({ kind, map, layer, heads }: BlockRequest): Uint8Array[] {
  const length = lengthOf(map);
  const isPooled = kind === "overview" && length > 64;
  return heads.map((head) => {
    const values = isPooled ? overviewOf(map, layer, head) : weightsOf(map, layer, head);
    const size = Math.sqrt(values.length);
    const header: Omit<BlockHeader, "dtype" | "missing"> = {
      kind: isPooled ? "overview" : "block",
      map,
      layer,
      heads: [head],
      queries: [0, length],
      keys: [0, length],
      shape: [1, size, size],
    };
    return bytesOf(encoded(header, Array.from(values, decimalOf), "decimal16"));
  });
}

/** Encodes the frames of one head's vectors as the kernel does. */
function framesOf({ map, layer, head, queries: [start = 0, stop = 0] }: VectorRequest): Uint8Array[] {
  const found = CAPTURE.vectorsOf(map, layer, head);
  if (!found) return [];
  const length = lengthOf(map);
  const place = { map, layer, head };
  const rows = [start, stop];
  const rule = { ...PLAIN_RULE, scaling: SCALING, kv_head: head };
  const hidden = Uint8Array.from({ length: length * length }, (_, at) => Number(at % length > Math.floor(at / length)));
  return [
    frameOf({ ...place, kind: "queries", rows, rule }, found.queries.slice(start * HEAD_DIM, stop * HEAD_DIM)),
    frameOf({ ...place, kind: "keys", rows: [0, length] }, found.keys),
    frameOf({ ...place, kind: "hidden", rows }, hidden.slice(start * length, stop * length)),
    frameOf({ ...place, kind: "weights", rows }, weightsOf(map, layer, head).slice(start * length, stop * length)),
  ];
}

const bytesOf = ({ buffer, byteOffset, byteLength }: DataView) =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

/** The kernel's side of the conversation: what `headscope.wire.requests` does for this capture. */
class AnsweringModel extends MemoryModel {
  /** Deferred requests that are not yet answered; the newest of each view continues. */
  readonly #underWay = new Map<string, string>();

  override send = (message: { type: string; id: string; view?: string; request: unknown }): void => {
    const { type, id, view, request } = message;
    if (type === "cancel") return void this.#underWay.delete(id);
    setTimeout(() => {
      const problem = problemOf(request as BlockRequest & VectorRequest);
      if (problem) return this.answer({ type: "error", id, message: problem });
      if (view !== undefined) return void this.#answerLater(type, id, view, request);
      const frames = type === "vectors" ? framesOf(request as VectorRequest) : blocksOf(request as BlockRequest);
      this.answer({ type: "blocks", id, done: true }, ...frames.map(viewOf));
    });
  };

  async #answerLater(type: string, id: string, view: string, request: unknown): Promise<void> {
    for (const [other, of] of this.#underWay) {
      if (of !== view) continue;
      this.#underWay.delete(other);
      this.answer({ type: "cancelled", id: other });
    }
    this.#underWay.set(id, view);
    this.answer({ type: "accepted", id, seen: [] });
    try {
      const frames = type === "tiles" ? tileFrames(request as TileRequest) : excerptFrames(request as ExcerptRequest);
      for (const frame of frames) {
        await new Promise((resolve) => setTimeout(resolve));
        if (!this.#underWay.has(id)) return this.answer({ type: "cancelled", id });
        this.answer({ type: "blocks", id, done: false }, viewOf(frame));
      }
      this.answer({ type: "blocks", id, done: true });
    } catch (error) {
      this.answer({ type: "error", id, message: `ValueError: ${(error as Error).message}` });
    }
    this.#underWay.delete(id);
  }
}

const viewOf = (frame: Uint8Array) => new DataView(frame.slice().buffer);

function problemOf({ map, layer, head, heads }: Partial<BlockRequest> & VectorRequest): string | null {
  const numHeads = CAPTURE.maps.find(({ name }) => name === map)?.num_heads[layer];
  if (numHeads === undefined) return `ValueError: layer ${layer} is out of range.`;
  return (heads ?? [head]).every((one) => one < numHeads) ? null : `ValueError: layer ${layer} has ${numHeads} heads.`;
}

/** Encodes the frames of an excerpt as the kernel does. */
function* excerptFrames(request: ExcerptRequest): Generator<Uint8Array> {
  const { map, layer, queries, keys } = request;
  const shape = [1, queries.length, keys.length];
  for (const head of request.heads) {
    const values = excerptExpected(request, head);
    const place = { kind: "excerpt", map, layer, heads: [head], queries: [0, queries.length], keys: [0, keys.length] };
    const header = { ...place, shape } as Omit<ExcerptHeader, "dtype" | "missing">;
    yield bytesOf(encoded(header, Array.from(values, decimalOf), "decimal16"));
  }
}

/** Encodes the frames of tiles as the kernel does: tiles above the diagonal are known to be blank. */
function* tileFrames(request: TileRequest): Generator<Uint8Array> {
  const { map, layer, pool } = request;
  const size = lengthOf(map);
  const tiles = tilesOf(request);
  for (const tile of tiles) checkPlace(tile, size, size);
  for (const { head, ...place } of tiles) {
    const { level, row, column } = place;
    const { queries, keys } = new TileBins(place, size, size, pool);
    const blank = layer !== 2 && keys.start >= queries.stop;
    const header: Omit<TileHeader, "dtype" | "missing"> = {
      ...{ kind: "tile", map, layer, heads: [head], level, row, column, pool, blank, packed: 0 },
      queries: [queries.start, queries.stop],
      keys: [keys.start, keys.stop],
      shape: blank ? [1, 0, 0] : [1, queries.count, keys.count],
    };
    const codes = blank ? [] : Array.from(tileExpected(map, layer, head, place, pool), decimalOf);
    yield bytesOf(encoded(header, codes, "decimal16"));
  }
}

async function openKernel(maxBytes = 1 << 26) {
  const model = new AnsweringModel({ maps: [...CAPTURE.maps] });
  const source = new KernelSource(model as unknown as AnyModel<StoreTraits>, new AbortController().signal);
  source.limitMemory(maxBytes);
  return source;
}

/** The data of a layer in a page or a snapshot, as `headscope.export` writes it; null if there is none. */
async function packedOf(kind: SnapshotPart["kind"], map: string, layer: number): Promise<string | null> {
  const heads = headsOf(map, layer);
  if (kind === "overview" && lengthOf(map) <= 64) return null;
  // Nothing requests the vectors of the map that exists for its tiles.
  if (kind === "vectors" && (layer === 2 || map === "wide")) return null;
  if (kind !== "vectors") return packed(blocksOf({ kind, map, layer, heads }));
  return packed(heads.flatMap((head) => framesOf({ map, layer, head, queries: [0, lengthOf(map)] })));
}

const headsOf = (map: string, layer: number) => [
  ...Array(CAPTURE.maps.find(({ name }) => name === map)?.num_heads[layer]).keys(),
];

const PARTS = CAPTURE.maps.flatMap(({ name, num_heads }) =>
  num_heads.flatMap((_, layer) =>
    (["block", "overview", "vectors"] as const).map((kind) => ({ kind, map: name, layer })),
  ),
);

/** All parts of the capture, packed once for all tests. */
const carried = Promise.all(
  PARTS.map(async ({ kind, map, layer }) => ({ kind, map, layer, data: await packedOf(kind, map, layer) })),
);

async function packed(frames: readonly Uint8Array[]): Promise<string> {
  const bytes = await new Response(
    new Blob(frames as Uint8Array<ArrayBuffer>[]).stream().pipeThrough(new CompressionStream("gzip")),
  ).arrayBuffer();
  return Buffer.from(bytes).toString("base64");
}

/** Opens a page as `headscope.export` writes it. */
async function openPage(maxBytes?: number) {
  document.body.replaceChildren();
  const page = `page-${Math.random()}`;
  for (const { kind, map, layer, data } of await carried) {
    if (data === null) continue;
    const element = document.createElement("script");
    element.type = "text/plain";
    element.id = `${page}-${kind}-${map}-${layer}`;
    element.textContent = data;
    document.body.append(element);
  }
  return new EmbeddedSource(new PageParts(page), CAPTURE.maps, maxBytes);
}

/** Opens a snapshot that holds the whole capture. */
async function openSnapshot(maxBytes?: number) {
  const held = (await carried).filter((part): part is SnapshotPart & { data: string } => part.data !== null);
  const parts = held.map((part) => ({ ...part, heads: headsOf(part.map, part.layer) }));
  const snapshot = { maps: [...CAPTURE.maps], parts } as Partial<Snapshot> as Snapshot;
  return new EmbeddedSource(new SnapshotParts(snapshot), CAPTURE.maps, maxBytes);
}

/** Opens a file as `capture.save` writes it. */
async function openSaved(weights?: number) {
  const tensors: Record<string, Written> = {};
  const maps = CAPTURE.maps.map((description) => ({
    ...description,
    records: description.num_heads.map((numHeads, layer) => recordOf(description.name, layer, numHeads, tensors)),
  }));
  const bytes = safetensorsFile(tensors, metadataOf(maps));
  return (await openFile(new MemoryReader(bytes), new AbortController().signal)).source(
    weights === undefined ? {} : { weights },
  );
}

function recordOf(map: string, layer: number, numHeads: number, tensors: Record<string, Written>): object {
  if (layer === 2) return { kind: "missing", num_heads: numHeads };
  const length = lengthOf(map);
  const heads = [...Array(numHeads).keys()];
  const name = (part: string) => `${map}.${layer}.${part}`;
  const stacked = (part: "queries" | "keys") =>
    heads.flatMap((head) => [...(CAPTURE.vectorsOf(map, layer, head)?.[part] ?? [])]);
  tensors[name("queries")] = f32([numHeads, length, HEAD_DIM], stacked("queries"));
  tensors[name("keys")] = f32([numHeads, length, HEAD_DIM], stacked("keys"));
  tensors[name("start")] = i32(Array(length).fill(0));
  tensors[name("stop")] = i32(Array.from({ length }, (_, query) => query + 1));
  const pooled = Uint16Array.from(heads.flatMap((head) => Array.from(overviewOf(map, layer, head), float16Of)));
  if (length > 64) tensors[name("overview")] = { dtype: "F16", shape: [numHeads, 64, 64], values: pooled };
  return {
    kind: "vectors",
    num_heads: numHeads,
    num_kv_heads: numHeads,
    head_dim: HEAD_DIM,
    queries: name("queries"),
    keys: name("keys"),
    scaling: SCALING,
    softcap: null,
    sinks: null,
    visible: { num_keys: length, start: name("start"), stop: name("stop"), shown: null, exceptions: null },
    biases: [],
    module: "",
    rotary: false,
    overview: length > 64 ? name("overview") : null,
  };
}

describeSource("KernelSource", openKernel);
describeSource("EmbeddedSource", openPage);
describeSource("EmbeddedSource of a snapshot", openSnapshot);
describeSource("FileSource", openSaved);
