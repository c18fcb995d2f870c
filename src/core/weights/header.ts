import {
  type BlockHeader,
  type Dtype,
  type ExcerptHeader,
  MAGIC,
  OVERVIEW_BINS,
  TILE_BINS,
  type TileHeader,
} from "../../contract.gen";

const DTYPES: readonly Dtype[] = ["decimal16", "float16", "sqrt8"];

export type Fail = (problem: string) => never;

/** The headers of all frames of weights. */
export type WeightsHeader = BlockHeader | ExcerptHeader | TileHeader;
export type WeightsKind = WeightsHeader["kind"];

/**
 * Reads the header of the frame at `offset`, checks it, and fails unless it is of a requested kind. Also returns its
 * padded length.
 */
export function readHeader<K extends WeightsKind>(
  view: DataView,
  offset: number,
  kinds: readonly K[],
  fail: Fail,
): { header: Extract<WeightsHeader, { kind: K }>; headerLength: number } {
  const { value, headerLength } = readFrame(view, offset, fail);
  return { header: checkHeader(value, kinds, fail) as Extract<WeightsHeader, { kind: K }>, headerLength };
}

/** Reads the unchecked header of the frame at `offset`, and its padded length. */
export function readFrame(view: DataView, offset: number, fail: Fail): { value: unknown; headerLength: number } {
  const left = view.byteLength - offset;
  if (left < 8) fail(`only ${left} bytes are left, fewer than the 8 that every block starts with`);
  const magic = latin1(view, offset, 4);
  if (magic !== MAGIC) fail(`it starts with ${JSON.stringify(magic)} instead of "${MAGIC}"`);
  const headerLength = view.getUint32(offset + 4, true);
  if (headerLength % 8 !== 0) fail(`its header length ${headerLength} is not a multiple of 8`);
  if (headerLength > left - 8) fail(`its header of ${headerLength} bytes goes beyond the end`);
  const text = new Uint8Array(view.buffer, view.byteOffset + offset + 8, headerLength);
  return { value: parse(text, fail), headerLength };
}

function latin1(view: DataView, offset: number, length: number): string {
  return String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + offset, length));
}

function parse(text: Uint8Array, fail: Fail): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(text));
  } catch (error) {
    return fail(`its header is not JSON in UTF-8 (${(error as Error).message})`);
  }
}

function checkHeader(value: unknown, kinds: readonly WeightsKind[], fail: Fail): WeightsHeader {
  if (typeof value !== "object" || value === null) return fail("its header is not a JSON object");
  const header = value as WeightsHeader;
  const { kind, dtype } = header;
  if (!kinds.includes(kind)) fail(`its kind is ${show(kind)}, not ${kinds.map(show).join(" or ")}`);
  if (!DTYPES.includes(dtype)) fail(`its dtype is ${show(dtype)}, not one of ${DTYPES.join(", ")}`);
  if (typeof header.map !== "string") fail(`its map is ${show(header.map)}, not a string`);
  for (const name of ["layer", "missing"] as const) {
    if (!isCount(header[name])) fail(`its ${name} is ${show(header[name])}, not a whole number`);
  }
  if ("packed" in header && !isCount(header.packed)) fail(`its packed is ${show(header.packed)}, not a whole number`);
  if (!isCounts(header.heads)) fail(`its heads are ${show(header.heads)}, not whole numbers`);
  for (const name of ["queries", "keys"] as const) checkRange(name, header[name], fail);
  checkShape(header, fail);
  return header;
}

function checkRange(name: string, range: unknown, fail: Fail): void {
  if (!isCounts(range) || range.length !== 2 || (range[0] as number) > (range[1] as number)) {
    fail(`its ${name} are ${show(range)}, not a range [start, stop]`);
  }
}

/** Checks that the shape matches the ranges. There are at most as many bins as positions, and a blank tile has none. */
function checkShape(header: WeightsHeader, fail: Fail): void {
  const { kind, heads, queries, keys, shape } = header;
  if (!isCounts(shape) || shape.length !== 3) fail(`its shape is ${show(shape)}, not [heads, queries, keys]`);
  const expected = [heads.length, extent(queries), extent(keys)] as const;
  const [rows, columns] = [shape[1] as number, shape[2] as number];
  const most = BINS[kind];
  const isBlank = header.kind === "tile" && header.blank && rows === 0 && columns === 0;
  const fits = most
    ? isBlank || (isPooled(rows, expected[1], most) && isPooled(columns, expected[2], most))
    : rows === expected[1] && columns === expected[2];
  if (shape[0] !== expected[0] || !fits) {
    fail(`its shape ${show(shape)} does not fit its heads, queries and keys ${show(expected)}`);
  }
}

/** The most bins per axis for pooled weights. */
const BINS: Readonly<Partial<Record<WeightsKind, number>>> = { overview: OVERVIEW_BINS, tile: TILE_BINS };

function isPooled(bins: number, positions: number, most: number): boolean {
  return bins <= Math.min(positions, most) && bins > 0 === positions > 0;
}

function extent(range: readonly number[]): number {
  return (range[1] as number) - (range[0] as number);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(isCount);
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? "missing";
}
