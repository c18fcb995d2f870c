import type { HeadRule } from "../../contract.gen";
import type { FileBytes } from "../file/file-bytes";
import type { VectorsRecord, WindowedRecord } from "../file/layer-record";
import type { HeadVectors } from "../weights/vectors";
import type { HeadInputs } from "./attend";
import { addBias } from "./bias";
import { kvHeadOf } from "./kv-head";
import { loadInputs, loadWindowPositions } from "./load-head";
import { isHidden } from "./visible-keys";

/** The queries and keys of one part of a layer, and the position in the map of each; -1 for a row that has none. */
interface WindowInputs {
  readonly head: HeadInputs;
  readonly queryAt: Int32Array;
  readonly keyAt: Int32Array;
}

/** Whether every part of a layer has its queries and keys. */
export function hasVectors(record: { kind: string }): record is VectorsRecord | WindowedRecord {
  if (record.kind === "vectors") return true;
  return record.kind === "pieces" && (record as WindowedRecord).pieces.every(({ kind }) => kind === "vectors");
}

/**
 * Reads the vectors of one head for a range of queries, without its weights. `headscope.wire.vectors` and
 * `VectorPieces` do the same in Python.
 */
export async function loadVectors(
  file: FileBytes,
  record: VectorsRecord | WindowedRecord,
  head: number,
  rows: readonly [number, number],
  signal: AbortSignal,
): Promise<HeadVectors> {
  const parts = await loadParts(file, record, head, signal);
  const first = (record.kind === "pieces" ? record.pieces[0] : record) as VectorsRecord;
  const { headDim } = first;
  const { numKeys } = record;
  return {
    rule: ruleOf(first, parts[0] as WindowInputs, head),
    rows,
    numKeys,
    headDim,
    queries: gathered(parts, rows, headDim, ({ head, queryAt }) => [head.queries, queryAt]),
    keys: gathered(parts, [0, numKeys], headDim, ({ head, keyAt }) => [head.keys, keyAt]),
    ...addedAndHidden(parts, rows, numKeys),
    weights: null,
  };
}

async function loadParts(
  file: FileBytes,
  record: VectorsRecord | WindowedRecord,
  head: number,
  signal: AbortSignal,
): Promise<WindowInputs[]> {
  if (record.kind === "vectors") {
    const { numQueries, numKeys } = record;
    return [{ head: await loadInputs(file, record, head, signal), queryAt: upTo(numQueries), keyAt: upTo(numKeys) }];
  }
  const [places, heads] = await Promise.all([
    loadWindowPositions(file, record, signal),
    Promise.all(record.pieces.map((piece) => loadInputs(file, piece as VectorsRecord, head, signal))),
  ]);
  return places.map((at, index) => ({ ...at, head: heads[index] as HeadInputs }));
}

function upTo(size: number): Int32Array {
  return Int32Array.from({ length: size }, (_, at) => at);
}

function ruleOf(record: VectorsRecord, { head }: WindowInputs, number: number): HeadRule {
  return {
    scaling: head.scaling,
    softcap: head.softcap,
    sink: head.sink,
    num_heads: record.numHeads,
    num_kv_heads: record.numKvHeads,
    kv_head: kvHeadOf(record, number),
    rotary: record.rotary,
  };
}

/** The vectors at the requested positions of the map; zeros where no part has one. */
function gathered(
  parts: readonly WindowInputs[],
  [start, stop]: readonly [number, number],
  headDim: number,
  valuesOf: (part: WindowInputs) => readonly [Float32Array, Int32Array],
): Float32Array {
  const found = new Float32Array((stop - start) * headDim);
  for (const [values, places] of parts.map(valuesOf)) {
    places.forEach((at, row) => {
      if (at >= start && at < stop)
        found.set(values.subarray(row * headDim, (row + 1) * headDim), (at - start) * headDim);
    });
  }
  return found;
}

/** The bias on the scores and the hidden keys, each of shape (rows, numKeys); null where a layer has none. */
function addedAndHidden(
  parts: readonly WindowInputs[],
  [start, stop]: readonly [number, number],
  numKeys: number,
): Pick<HeadVectors, "bias" | "hidden"> {
  const added = new Float32Array((stop - start) * numKeys);
  const hidden = new Uint8Array((stop - start) * numKeys).fill(1);
  for (const part of parts) {
    part.queryAt.forEach((at, row) => {
      if (at >= start && at < stop) writeRow(part, row, (at - start) * numKeys, added, hidden);
    });
  }
  const adds = parts.some(({ head }) => head.biases.length > 0);
  const hides = parts.length > 1 || parts.some(({ head }) => head.visible !== null) || hidden.includes(1);
  return { bias: adds ? added : null, hidden: hides ? hidden : null };
}

/** A bias of minus infinity hides its key: the key is marked as hidden and gets no bias. */
function writeRow(
  { head, keyAt }: WindowInputs,
  row: number,
  offset: number,
  added: Float32Array,
  hidden: Uint8Array,
): void {
  const values = new Float32Array(head.numKeys);
  for (const bias of head.biases) addBias(bias, row, 0, head.numKeys, values);
  keyAt.forEach((at, key) => {
    if (at < 0) return;
    const value = values[key] as number;
    const unseen = value === -Infinity || (head.visible !== null && isHidden(head.visible, row, key));
    hidden[offset + at] = Number(unseen);
    added[offset + at] = unseen ? 0 : value;
  });
}
