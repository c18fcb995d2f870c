import type { BlockHeader, TileHeader } from "../contract.gen";
import { uncut } from "./cut-rows";
import type { HeadWeights } from "./head-weights";
import { readHeader, type WeightsHeader, type WeightsKind } from "./header";
import { tableOf } from "./tables";

/** One encoded block, or another frame of weights, decoded. */
export interface DecodedBlock<H extends WeightsHeader = BlockHeader> {
  readonly header: H;
  /** The whole block in the order `[head, query, key]`: a view of the buffer wherever its alignment allows. */
  readonly codes: Uint16Array | Uint8Array;
}

/** Where a head's weights are in a block, by the head's number in its layer. */
export interface BlockHead {
  readonly head: number;
  readonly weights: HeadWeights;
}

const PREAMBLE = 8;

/**
 * Decodes blocks that stand one after another (the encoding is described in `contract.py`).
 * Throws an Error that names the block, the byte offset and what is wrong there.
 */
export function decodeBlocks(buffer: ArrayBuffer | DataView | Uint8Array): DecodedBlock[] {
  return decodeFrames(buffer, ["block", "overview"]);
}

/** Decodes frames of the wanted kinds of weights that stand one after another, and throws as `decodeBlocks` does. */
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
    const { codes, bytes } =
      header.kind === "tile" ? uncut(view, start, header as TileHeader, fail) : readCodes(view, start, header);
    const padded = Math.ceil(bytes / 8) * 8;
    if (codes === null || start + padded > view.byteLength) {
      return fail(`its payload needs ${padded} bytes from byte ${start}, but only ${view.byteLength - start} follow`);
    }
    blocks.push({ header, codes });
    offset = start + padded;
  }
  return blocks;
}

/** All codes of a block, null where there are too few bytes for them, and how many bytes they take. */
function readCodes(view: DataView, start: number, { shape, dtype }: WeightsHeader) {
  const length = shape.reduce((product, size) => product * size, 1);
  const bytes = dtype === "sqrt8" ? length : length * 2;
  const offset = view.byteOffset + start;
  if (start + bytes > view.byteLength) return { codes: null, bytes };
  if (dtype === "sqrt8") return { codes: new Uint8Array(view.buffer, offset, length), bytes };
  if (offset % 2 === 0) return { codes: new Uint16Array(view.buffer, offset, length), bytes };
  return { codes: new Uint16Array(view.buffer.slice(offset, offset + bytes)), bytes };
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
