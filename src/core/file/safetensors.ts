import { type ByteReader, readExactly } from "./byte-reader";

/** Bytes per value of each dtype: first those of attention files, then those of other safetensors files. */
const BYTES = {
  ...{ F32: 4, F16: 2, BF16: 2, I32: 4, I64: 8, U8: 1 },
  ...{ BOOL: 1, I8: 1, F8_E4M3: 1, F8_E5M2: 1, I16: 2, U16: 2, U32: 4, F64: 8, U64: 8 },
} as const;

export type TensorDtype = keyof typeof BYTES;

/** The dtype, the shape and the place of a tensor in the file. */
export interface Tensor {
  readonly name: string;
  readonly dtype: TensorDtype;
  readonly shape: readonly number[];
  /** Half-open range of bytes, counted from the start of the file. */
  readonly start: number;
  readonly stop: number;
}

export type TensorsByName = ReadonlyMap<string, Tensor>;

export interface Safetensors {
  readonly tensors: TensorsByName;
  readonly metadata: ReadonlyMap<string, string>;
}

const PREFIX = 8;
/** The limit of the safetensors library. */
const MAX_HEADER = 100_000_000;
/** Most headers fit into the first read. */
const FIRST_READ = 128 * 1024;
const AGAIN = "Copy the file again, or save it again with capture.save().";

const OPEN_ANOTHER = "Open one that capture.save() wrote.";

export function bytesPerValue(dtype: TensorDtype): number {
  return BYTES[dtype];
}

/** Reads the header of a safetensors file in one or two reads. Throws an Error whose message is for users. */
export async function readSafetensors(reader: ByteReader, signal: AbortSignal): Promise<Safetensors> {
  if (reader.size < PREFIX) {
    throw new Error(`This is not an attention file: it is only ${reader.size} bytes long. ${OPEN_ANOTHER}`);
  }
  const first = await readExactly(reader, 0, Math.min(FIRST_READ, reader.size), signal);
  const stop = PREFIX + headerLength(first, reader.size);
  const read = first.byteLength;
  const parts = [new Uint8Array(first, PREFIX, Math.min(stop, read) - PREFIX)];
  if (stop > read) parts.push(new Uint8Array(await readExactly(reader, read, stop, signal)));
  return parseHeader(textOf(parts), stop, reader.size);
}

function headerLength(first: ArrayBuffer, size: number): number {
  const length = new DataView(first).getBigUint64(0, true);
  if (length > MAX_HEADER) {
    throw new Error(`This is not an attention file: it does not start as a safetensors file does. ${OPEN_ANOTHER}`);
  }
  if (length > size - PREFIX) {
    throw new Error(`This file is cut off: its header takes ${length} bytes, and the whole file has ${size}. ${AGAIN}`);
  }
  return Number(length);
}

function textOf(parts: readonly Uint8Array[]): string {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    return parts.map((part) => decoder.decode(part, { stream: true })).join("") + decoder.decode();
  } catch {
    throw damaged("its header is not UTF-8 text");
  }
}

/**
 * Parses the JSON of a header and checks every tensor: its dtype is known, and its shape fits its bytes. Together the
 * tensors fill the data without gaps or overlaps, as the safetensors format requires.
 */
export function parseHeader(text: string, dataStart: number, size: number): Safetensors {
  const entries = Object.entries(objectOf(text));
  const metadata = metadataOf(entries.find(([name]) => name === "__metadata__")?.[1]);
  const tensors = entries
    .filter(([name]) => name !== "__metadata__")
    .map(([name, value]) => tensorOf(name, value, dataStart))
    .sort((a, b) => a.start - b.start || a.stop - b.stop);
  const end = tensors.reduce(fits, dataStart);
  if (end > size) {
    throw new Error(`This file is cut off: it has ${size} bytes of the ${end} that its header declares. ${AGAIN}`);
  }
  if (end < size) throw damaged(`its last ${size - end} bytes belong to no tensor`);
  return { tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])), metadata };
}

function objectOf(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damaged("its header is not JSON");
  }
  if (!isObject(value)) throw damaged("its header is not a JSON object");
  return value;
}

function metadataOf(value: unknown): Map<string, string> {
  if (value === undefined) return new Map();
  const entries = isObject(value) ? Object.entries(value) : [];
  if (!isObject(value) || entries.some(([, text]) => typeof text !== "string")) {
    throw damaged("its metadata has values that are not strings");
  }
  return new Map(entries);
}

function tensorOf(name: string, value: unknown, dataStart: number): Tensor {
  const { dtype, shape, data_offsets: offsets } = isObject(value) ? (value as Record<string, unknown>) : {};
  if (typeof dtype !== "string" || !Object.hasOwn(BYTES, dtype)) {
    throw damaged(`tensor ${show(name)} has the unknown dtype ${show(dtype)}`);
  }
  if (!isCounts(shape)) throw damaged(`tensor ${show(name)} has the shape ${show(shape)}`);
  if (!isCounts(offsets) || offsets.length !== 2)
    throw damaged(`tensor ${show(name)} has the offsets ${show(offsets)}`);
  const [start, stop] = offsets as [number, number];
  const bytes = shape.reduce((product, extent) => product * extent, BYTES[dtype as TensorDtype]);
  if (stop - start !== bytes) {
    throw damaged(
      `tensor ${show(name)} has ${stop - start} bytes, but ${dtype} of shape ${show(shape)} takes ${bytes}`,
    );
  }
  return { name, dtype: dtype as TensorDtype, shape, start: dataStart + start, stop: dataStart + stop };
}

/** Checks that a tensor starts where the previous one ends, and returns its end. */
function fits(end: number, { name, start, stop }: Tensor): number {
  if (start !== end) throw damaged(`tensor ${show(name)} does not start where the one before it ends`);
  return stop;
}

function damaged(problem: string): Error {
  return new Error(`This file is damaged, or not an attention file: ${problem}. ${AGAIN}`);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((one) => Number.isSafeInteger(one) && one >= 0);
}

/** A value from a hostile header, shortened to fit into a sentence. */
function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "missing";
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
