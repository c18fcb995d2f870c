// @vitest-environment happy-dom
import type { AnyModel } from "@anywidget/types";
import type { BlockHeader, BlockRequest, StoreTraits, VectorRequest } from "../contract.gen";
import { MemoryReader } from "../core/file-reader";
import { halfOf } from "../core/half";
import { f32, i32, safetensorsFile, type Written } from "../core/safetensors-testing";
import { frameOf, PLAIN_RULE } from "../core/vectors-testing";
import { CAPTURE, describeSource, HEAD_DIM, lengthOf, overviewOf, SCALING, weightsOf } from "./conformance";
import { EmbeddedSource } from "./embedded";
import { openFile } from "./file-open";
import { metadataOf } from "./file-testing";
import { KernelSource } from "./kernel";
import { PageParts } from "./page-parts";
import { encoded, MemoryModel } from "./testing";

/** The blocks of some heads, as the kernel encodes them. */
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
    return bytesOf(encoded(header, Array.from(values, halfOf)));
  });
}

/** The frames of one head's vectors, as the kernel encodes them. */
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

/** The kernel's side of a conversation: `headscope.widgets.answers` for this capture. */
class AnsweringModel extends MemoryModel {
  override send = (message: { type: string; id: string; request: unknown }): void => {
    const { id, request } = message;
    setTimeout(() => {
      const problem = this.#problem(request as BlockRequest & VectorRequest);
      if (problem) return this.answer({ type: "error", id, message: problem });
      const frames =
        message.type === "vectors" ? framesOf(request as VectorRequest) : blocksOf(request as BlockRequest);
      this.answer({ type: "blocks", id, done: true }, ...frames.map((frame) => new DataView(frame.slice().buffer)));
    });
  };

  #problem({ map, layer, head, heads }: Partial<BlockRequest> & VectorRequest): string | null {
    const numHeads = CAPTURE.maps.find(({ name }) => name === map)?.num_heads[layer];
    if (numHeads === undefined) return `ValueError: layer ${layer} is out of range.`;
    return (heads ?? [head]).every((one) => one < numHeads)
      ? null
      : `ValueError: layer ${layer} has ${numHeads} heads.`;
  }
}

async function openKernel() {
  const model = new AnsweringModel({ maps: [...CAPTURE.maps] });
  return new KernelSource(model as unknown as AnyModel<StoreTraits>, new AbortController().signal);
}

/** A page as `headscope.export` writes it. */
async function openPage() {
  document.body.replaceChildren();
  const page = `page-${Math.random()}`;
  for (const { name: map, num_heads } of CAPTURE.maps) {
    for (const [layer, count] of num_heads.entries()) {
      const heads = [...Array(count).keys()];
      await carry(`${page}-block-${map}-${layer}`, blocksOf({ kind: "block", map, layer, heads }));
      if (lengthOf(map) > 64)
        await carry(`${page}-overview-${map}-${layer}`, blocksOf({ kind: "overview", map, layer, heads }));
      if (layer === 2) continue;
      const rows = [0, lengthOf(map)];
      const frames = heads.flatMap((head) => framesOf({ map, layer, head, queries: rows }));
      await carry(`${page}-vectors-${map}-${layer}`, frames);
    }
  }
  return new EmbeddedSource(new PageParts(page), CAPTURE.maps);
}

async function carry(id: string, frames: readonly Uint8Array[]): Promise<void> {
  const packed = await new Response(
    new Blob(frames as Uint8Array<ArrayBuffer>[]).stream().pipeThrough(new CompressionStream("gzip")),
  ).arrayBuffer();
  const element = document.createElement("script");
  element.type = "text/plain";
  element.id = id;
  element.textContent = Buffer.from(packed).toString("base64");
  document.body.append(element);
}

/** A file as `capture.save` writes it. */
async function openSaved() {
  const tensors: Record<string, Written> = {};
  const maps = CAPTURE.maps.map((info) => ({
    ...info,
    records: info.num_heads.map((numHeads, layer) => recordOf(info.name, layer, numHeads, tensors)),
  }));
  const bytes = safetensorsFile(tensors, metadataOf(maps));
  return (await openFile(new MemoryReader(bytes), new AbortController().signal)).source();
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
  const pooled = Uint16Array.from(heads.flatMap((head) => Array.from(overviewOf(map, layer, head), halfOf)));
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
describeSource("FileSource", openSaved);
