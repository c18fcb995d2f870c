import type { BlockKind, BlockRequest, MapInfo, VectorRequest } from "../contract.gen";
import type { ByteReader } from "../core/file-reader";
import type { HeadWeights } from "../core/head-weights";
import type { Source } from "../core/source";
import type { HeadVectors } from "../core/vectors";

/** How much memory a source may take, in bytes. */
export interface FileLimits {
  /** Computed weights and overviews. */
  readonly weights: number;
  /** What the neuron view asks for. */
  readonly vectors: number;
  /** Tensors as they are in the file. */
  readonly tensors: number;
}

/** A capture in a file. */
export interface AttentionFile {
  /** What people call the model. */
  readonly name: string;
  readonly maps: readonly MapInfo[];
  /** The version of the format. */
  readonly version: number;
  /** The version of Headscope that wrote the file. */
  readonly headscope: string;
  /** Answers what views ask for: one for all views of the file. */
  source(limits?: Partial<FileLimits>): FileSource;
}

/** Weights that are computed on this page from a file's queries and keys, read when they are wanted. */
export class FileSource implements Source {
  readonly #reader: ByteReader;

  constructor(reader: ByteReader) {
    this.#reader = reader;
  }

  peek(_kind: BlockKind, _map: string, _layer: number, _head: number): HeadWeights | undefined {
    return undefined;
  }

  async fetch(_request: BlockRequest, _signal: AbortSignal): Promise<HeadWeights[]> {
    throw new Error(`Weights of a file of ${this.#reader.size} bytes can't be computed yet.`);
  }

  async vectors(_request: VectorRequest, _signal: AbortSignal): Promise<HeadVectors> {
    throw new Error(`Vectors of a file of ${this.#reader.size} bytes can't be read yet.`);
  }
}
