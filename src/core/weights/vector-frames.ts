import type { VectorHeader } from "../../contract.gen";
import { type Fail, readFrame } from "./header";

/** A decoded frame of vectors. */
export interface VectorFrame {
  readonly header: VectorHeader;
  /** In C order, in the shape that the header gives. */
  readonly values: Float32Array | Uint8Array;
}

const PREAMBLE = 8;
const KINDS = ["queries", "keys", "bias", "hidden", "weights"];

/** Decodes consecutive frames of vectors. Throws an Error that says where and what is wrong. */
export function decodeVectors(buffer: ArrayBuffer | DataView): VectorFrame[] {
  const view = ArrayBuffer.isView(buffer) ? buffer : new DataView(buffer);
  const frames: VectorFrame[] = [];
  for (let offset = 0; offset < view.byteLength; ) {
    const fail = (problem: string): never => {
      throw new Error(`Frame ${frames.length} at byte ${offset} of ${view.byteLength} can't be read: ${problem}.`);
    };
    const { value, headerLength } = readFrame(view, offset, fail);
    const header = checked(value, fail);
    const start = offset + PREAMBLE + headerLength;
    const values = valuesAt(view, start, header, fail);
    frames.push({ header, values });
    offset = start + Math.ceil(values.byteLength / 8) * 8;
  }
  return frames;
}

function checked(value: unknown, fail: Fail): VectorHeader {
  const header = value as VectorHeader;
  if (!KINDS.includes(header?.kind))
    fail(`its kind is ${JSON.stringify(header?.kind)}, not one of ${KINDS.join(", ")}`);
  const { rows, shape, dtype } = header;
  const isCount = (count: unknown) => Number.isSafeInteger(count) && (count as number) >= 0;
  if (![rows, shape].every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every(isCount))) {
    fail(`its rows ${JSON.stringify(rows)} and shape ${JSON.stringify(shape)} are not two whole numbers each`);
  }
  if ((rows[1] as number) - (rows[0] as number) !== shape[0]) fail("its shape does not fit its rows");
  if (dtype !== "float32" && dtype !== "uint8") fail(`its dtype is ${JSON.stringify(dtype)}`);
  return header;
}

function valuesAt(view: DataView, start: number, { shape, dtype }: VectorHeader, fail: Fail): VectorFrame["values"] {
  const count = (shape[0] as number) * (shape[1] as number);
  const bytes = dtype === "float32" ? 4 * count : count;
  if (start + bytes > view.byteLength) fail(`it needs ${bytes} bytes, but only ${view.byteLength - start} follow`);
  const offset = view.byteOffset + start;
  if (dtype === "uint8") return new Uint8Array(view.buffer, offset, count);
  // Messages bring their bytes at any offset in a larger buffer.
  if (offset % 4 === 0) return new Float32Array(view.buffer, offset, count);
  return new Float32Array(view.buffer.slice(offset, offset + bytes));
}
