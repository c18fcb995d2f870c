import type { FileBytes } from "../file/file-bytes";
import type { FileRecord, PlainRecord, VectorsRecord, WindowedRecord } from "../file/layer-record";
import type { Tensor } from "../file/safetensors";
import { readBytes, readFloats, readInts } from "../file/safetensors-values";
import { AttendedRows, type HeadInputs } from "./attend";
import { kvHeadOf } from "./kv-head";
import { loadRules } from "./load-rules";
import { GivenRows, MissingRows, type WeightRows, WindowedRows, type WindowRows } from "./weight-rows";

/** Hints that make loading a head cheaper. */
export interface LoadHints {
  /** The norms of its queries: see `AttendedRows`. */
  readonly norms?: Float64Array;
  /** The only queries whose weights the caller will want, half-open. */
  readonly queries?: readonly [start: number, stop: number];
}

/**
 * Reads the data from which the weights of one head are computed. Rejects with a message for users, or with the
 * signal's reason.
 */
export async function loadHead(
  file: FileBytes,
  record: FileRecord | PlainRecord,
  head: number,
  signal: AbortSignal,
  { norms, queries }: LoadHints = {},
): Promise<WeightRows> {
  const { numQueries, numKeys } = record;
  if (record.kind === "missing") return new MissingRows(numQueries, numKeys);
  if (record.kind === "vectors") return new AttendedRows(await loadInputs(file, record, head, signal), norms);
  if (record.kind === "weights") {
    const [start, stop] = queries ?? [0, numQueries];
    const rows = [head * numQueries + start, head * numQueries + stop] as const;
    const bytes = await readBytes(file, byRows(record.weights), rows, signal);
    return new GivenRows(numQueries, numKeys, bytes, record.weights.dtype, start);
  }
  const [places, rows] = await Promise.all([
    loadWindowPositions(file, record, signal),
    Promise.all(record.pieces.map((piece) => loadHead(file, piece, head, signal))),
  ]);
  const pieces = places.map((at, index): WindowRows => ({ ...at, rows: rows[index] as WeightRows }));
  return new WindowedRows(numQueries, numKeys, pieces);
}

/** Views a tensor of shape (heads, rows, columns) as one of shape (heads * rows, columns). */
function byRows(tensor: Tensor): Tensor {
  const [heads = 0, rows = 0, columns = 0] = tensor.shape;
  return { ...tensor, shape: [heads * rows, columns] };
}

/** Reads the queries, keys and rules of one head. */
export async function loadInputs(
  file: FileBytes,
  record: VectorsRecord,
  head: number,
  signal: AbortSignal,
): Promise<HeadInputs> {
  const { numQueries, numKeys, headDim } = record;
  const kvHead = kvHeadOf(record, head);
  const [queries, keys, rules] = await Promise.all([
    readFloats(file, record.queries, [head, head + 1], signal),
    readFloats(file, record.keys, [kvHead, kvHead + 1], signal),
    loadRules(file, record.rules, head, numKeys, signal),
  ]);
  return { numQueries, numKeys, headDim, queries, keys, ...rules };
}

/** The positions in the map of the queries and keys of each piece. */
export async function loadWindowPositions(
  file: FileBytes,
  record: WindowedRecord,
  signal: AbortSignal,
): Promise<Pick<WindowRows, "queryAt" | "keyAt">[]> {
  const { numQueries, numKeys } = record;
  const [queryAt, keyAt] = await Promise.all([
    Promise.all(record.queryAt.map((tensor) => readInts(file, tensor, signal))),
    Promise.all(record.keyAt.map((tensor) => readInts(file, tensor, signal))),
  ]);
  return queryAt.map((queries, index) => {
    const keys = keyAt[index] as Int32Array;
    if (!within(queries, numQueries) || !within(keys, numKeys)) {
      throw new Error("This file is damaged: a piece of a layer lies outside of its attention map. Save it again.");
    }
    return { queryAt: queries, keyAt: keys };
  });
}

function within(places: Int32Array, size: number): boolean {
  return places.every((place) => place >= -1 && place < size);
}
