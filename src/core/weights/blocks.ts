import { unzlibSync } from "fflate";
import type { BlockHeader } from "../../contract.gen";
import type { HeadWeights } from "./head-weights";
import { type Fail, readHeader, type WeightsHeader, type WeightsKind } from "./header";
import { tableOf } from "./codecs/tables";

/** A decoded block, or another decoded frame of weights. */
export interface DecodedBlock<H extends WeightsHeader = BlockHeader> {
  readonly header: H;
  /** The whole block in the order `[head, query, key]`: a view of the buffer wherever its alignment allows. */
  readonly codes: Uint16Array | Uint8Array;
}

/** A head's weights within a block; `head` is the head's number in its layer. */
export interface BlockHead {
  readonly head: number;
  readonly weights: HeadWeights;
}

const PREAMBLE = 8;

/**
 * Decodes consecutive blocks; `contract.py` describes the encoding. Throws an Error that names the block, the byte
 * offset and what is wrong there.
 */
export function decodeBlocks(buffer: ArrayBuffer | DataView | Uint8Array): DecodedBlock[] {
  return decodeFrames(buffer, ["block", "overview"]);
}

/** Decodes consecutive frames of the requested kinds, and throws as `decodeBlocks` does. */
export function decodeFrames<K extends WeightsKind>(
  buffer: ArrayBuffer | DataView | Uint8Array,
  kinds: readonly K[],
): DecodedBlock<Extract<WeightsHeader, { kind: K }>>[] {
  const view = ArrayBuffer.isView(buffer)
    ? new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
    : new DataView(buffer);
  const blocks: DecodedBlock<Extract<WeightsHeader, { kind: K }>>[] = [];
  for (let offset = 0; offset < view.byteLength; ) {
    const fail = (problem: string): never => {
      throw new Error(`Block ${blocks.length} at byte ${offset} of ${view.byteLength} can't be read: ${problem}.`);
    };
    const { header, headerLength } = readHeader(view, offset, kinds, fail);
    const start = offset + PREAMBLE + headerLength;
    const codes = readCodes(view, start, header, fail);
    blocks.push({ header, codes });
    offset = start + Math.ceil((packedBytes(header) || codes.byteLength) / 8) * 8;
  }
  return blocks;
}

function packedBytes(header: WeightsHeader): number {
  return "packed" in header ? header.packed : 0;
}

function readCodes(view: DataView, start: number, header: WeightsHeader, fail: Fail) {
  const length = header.shape.reduce((product, size) => product * size, 1);
  const bytes = header.dtype === "sqrt8" ? length : length * 2;
  const packed = packedBytes(header);
  const padded = Math.ceil((packed || bytes) / 8) * 8;
  if (start + padded > view.byteLength) {
    fail(`its payload needs ${padded} bytes from byte ${start}, but only ${view.byteLength - start} follow`);
  }
  const offset = view.byteOffset + start;
  if (packed) {
    const unpacked = unpack(new Uint8Array(view.buffer, offset, packed), bytes, fail);
    return header.dtype === "sqrt8" ? unpacked : joined(unpacked);
  }
  if (header.dtype === "sqrt8") return new Uint8Array(view.buffer, offset, length);
  if (offset % 2 === 0) return new Uint16Array(view.buffer, offset, length);
  return new Uint16Array(view.buffer.slice(offset, offset + bytes));
}

/** The most bytes that zlib can unpack from one. Source: https://zlib.net/zlib_tech.html. */
const MAX_UNPACKED = 1032;

/** Unpacks zlib data of known size, and takes no more memory than that, whatever the data unpacks to. */
function unpack(packed: Uint8Array, bytes: number, fail: Fail): Uint8Array {
  if (bytes > packed.length * MAX_UNPACKED) fail(`${packed.length} packed bytes can't hold the ${bytes} of its shape`);
  const out = new Uint8Array(bytes);
  let length = 0;
  try {
    ({ length } = unzlibSync(packed, { out }));
  } catch (error) {
    fail(`its payload can't be unpacked (${(error as Error).message})`);
  }
  if (length !== bytes) fail(`its packed payload has ${length} bytes, not ${bytes}`);
  return out;
}

/** Joins numbers that are stored as all low bytes, followed by all high bytes. */
function joined(bytes: Uint8Array): Uint16Array {
  const numbers = new Uint16Array(bytes.length / 2);
  for (let at = 0, high = numbers.length; at < numbers.length; at++, high++) {
    numbers[at] = (bytes[at] as number) | ((bytes[high] as number) << 8);
  }
  return numbers;
}

/** The heads of a block, each a view of the block's codes. */
export function headsOf(block: DecodedBlock<WeightsHeader>): BlockHead[] {
  const [, numQueries, numKeys] = block.header.shape as [number, number, number];
  const size = numQueries * numKeys;
  const { dtype } = block.header;
  return block.header.heads.map((head, index) => ({
    head,
    weights: {
      numQueries,
      numKeys,
      codes: block.codes.subarray(index * size, (index + 1) * size),
      table: tableOf(dtype),
      dtype,
    },
  }));
}
