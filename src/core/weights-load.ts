import type { FileBytes } from "./file-bytes";
import type { FileRecord, PieceRecord, PiecesRecord, VectorsRecord } from "./file-record";
import { loadRules } from "./rules-load";
import type { Tensor } from "./safetensors";
import { readBytes, readFloats, readInts } from "./safetensors-values";
import { AttendedRows, type HeadInputs } from "./weights-head";
import { GivenRows, MissingRows, type Piece, PieceRows, type WeightRows } from "./weights-rows";

/** What is known of a head before it is loaded. */
export interface Known {
  /** The norms of its queries: see `AttendedRows`. */
  readonly norms?: Float64Array;
  /** The only queries whose weights will be asked for, half-open. */
  readonly queries?: readonly [start: number, stop: number];
}

/** Reads what the weights of one head come from. Rejects with a sentence for people, or with the signal's reason. */
export async function loadHead(
  file: FileBytes,
  record: FileRecord | PieceRecord,
  head: number,
  signal: AbortSignal,
  { norms, queries }: Known = {},
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
    loadPlaces(file, record, signal),
    Promise.all(record.pieces.map((piece) => loadHead(file, piece, head, signal))),
  ]);
  const pieces = places.map((at, index): Piece => ({ ...at, rows: rows[index] as WeightRows }));
  return new PieceRows(numQueries, numKeys, pieces);
}

/** A tensor of three axes as one of two, whose parts are the rows of all heads. */
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

/** Heads share the keys of a KV head in equal numbers. */
export function kvHeadOf({ numHeads, numKvHeads }: VectorsRecord, head: number): number {
  return Math.floor(head / (numHeads / numKvHeads));
}

/** Where in the map the queries and keys of each piece are. */
export async function loadPlaces(
  file: FileBytes,
  record: PiecesRecord,
  signal: AbortSignal,
): Promise<Pick<Piece, "queryAt" | "keyAt">[]> {
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
