import { OVERVIEW_BINS } from "../../contract.gen";
import type { FileRecord } from "../../core/file/layer-record";
import type { FileMap } from "../../core/file/read-capture";
import type { Tensor } from "../../core/file/safetensors";
import { float16Table, tableOf } from "../../core/weights/codecs/tables";
import type { HeadWeights } from "../../core/weights/head-weights";

/** How many bytes of overviews to read at a time: a grid takes a few requests, and its first rows come at once. */
const TOGETHER = 2 * 1024 * 1024;

/** The code of a missing weight. */
const NAN = 0x7e00;

/** The overview of one layer. */
export interface LayerOverview {
  readonly layer: number;
  readonly tensor: Tensor;
}

/**
 * The overviews to read together with that of a layer: its own, and those of neighbouring layers that are not in
 * memory.
 */
export function overviewsNear(
  { records }: FileMap,
  layer: number,
  isHere: (layer: number) => boolean,
): LayerOverview[] {
  const near: LayerOverview[] = [];
  let bytes = 0;
  const walk = (step: 1 | -1, from: number) => {
    for (let at = from; at >= 0 && at < records.length && bytes < TOGETHER; at += step) {
      const tensor = records[at]?.overview;
      if (!tensor || (at !== layer && isHere(at))) return;
      near.push({ layer: at, tensor });
      bytes += tensor.stop - tensor.start;
    }
  };
  walk(1, layer);
  walk(-1, layer - 1);
  return near;
}

/** The overviews of all heads of a layer. Each has its own buffer, because a cache evicts them one by one. */
export function overviewHeads({ records }: FileMap, layer: number, bytes: Uint8Array): HeadWeights[] {
  const record = records[layer] as FileRecord;
  const { numQueries, numKeys } = binsOf(record);
  const isByte = record.overview?.dtype === "U8";
  const dtype = isByte ? "sqrt8" : "float16";
  const size = (isByte ? 1 : 2) * numQueries * numKeys;
  return Array.from({ length: record.numHeads }, (_, head) => {
    const own = bytes.slice(head * size, (head + 1) * size);
    return { numQueries, numKeys, codes: isByte ? own : new Uint16Array(own.buffer), table: tableOf(dtype), dtype };
  });
}

/** The overviews of a layer that was not kept. */
export function missingOverviews({ records }: FileMap, layer: number): HeadWeights[] {
  const record = records[layer] as FileRecord;
  const { numQueries, numKeys } = binsOf(record);
  const codes = new Uint16Array(numQueries * numKeys).fill(NAN);
  return Array.from({ length: record.numHeads }, () => ({
    ...{ numQueries, numKeys, codes, table: float16Table },
    dtype: "float16" as const,
  }));
}

function binsOf({ numQueries, numKeys }: FileRecord) {
  return { numQueries: Math.min(numQueries, OVERVIEW_BINS), numKeys: Math.min(numKeys, OVERVIEW_BINS) };
}
