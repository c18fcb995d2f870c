import type { TensorDtype } from "./safetensors";
import { floatsOf } from "./safetensors-values";

/** What can say the weights of one head, a few queries at a time. */
export interface WeightRows {
  readonly numQueries: number;
  readonly numKeys: number;
  /** How much work one weight is, in multiplications. */
  readonly cost: number;
  /** Writes the weights of the queries from `start` up to `stop`, shape (stop - start, numKeys); NaN where missing. */
  write(start: number, stop: number, into: Float32Array): void;
}

/** Weights that the file holds itself. */
export class GivenRows implements WeightRows {
  readonly cost = 8;

  constructor(
    readonly numQueries: number,
    readonly numKeys: number,
    private readonly bytes: Uint8Array,
    private readonly dtype: TensorDtype,
  ) {}

  write(start: number, stop: number, into: Float32Array): void {
    const row = this.bytes.length / this.numQueries;
    const values = floatsOf(this.bytes.subarray(start * row, stop * row), this.dtype);
    for (let at = 0; at < values.length; at++) {
      const value = values[at] as number;
      into[at] = Number.isFinite(value) ? value : Number.NaN;
    }
  }
}

/** The weights of a layer that was not kept. */
export class MissingRows implements WeightRows {
  readonly cost = 1;

  constructor(
    readonly numQueries: number,
    readonly numKeys: number,
  ) {}

  write(start: number, stop: number, into: Float32Array): void {
    into.fill(Number.NaN, 0, (stop - start) * this.numKeys);
  }
}

/** What attends at once, and where in the map its queries and keys are; -1 for one that is nowhere. */
export interface Piece {
  readonly rows: WeightRows;
  readonly queryAt: Int32Array;
  readonly keyAt: Int32Array;
}

/** The weights of a layer put together of pieces: between them all weights are zero. */
export class PieceRows implements WeightRows {
  constructor(
    readonly numQueries: number,
    readonly numKeys: number,
    private readonly pieces: readonly Piece[],
  ) {}

  get cost(): number {
    const work = ({ rows }: Piece) => rows.cost * rows.numQueries * rows.numKeys;
    const whole = this.pieces.reduce((sum, piece) => sum + work(piece), 0);
    return 1 + whole / (this.numQueries * this.numKeys);
  }

  write(start: number, stop: number, into: Float32Array): void {
    into.fill(0, 0, (stop - start) * this.numKeys);
    for (const piece of this.pieces) {
      for (const [first, last] of runsWithin(piece.queryAt, start, stop)) this.#place(piece, first, last, start, into);
    }
  }

  /** Puts rows of a piece where they belong. */
  #place({ rows, queryAt, keyAt }: Piece, first: number, last: number, start: number, into: Float32Array): void {
    const { numKeys } = rows;
    const part = new Float32Array((last - first) * numKeys);
    rows.write(first, last, part);
    for (let row = first; row < last; row++) {
      const target = ((queryAt[row] as number) - start) * this.numKeys;
      const source = (row - first) * numKeys;
      for (let key = 0; key < numKeys; key++) {
        const at = keyAt[key] as number;
        if (at >= 0) into[target + at] = part[source + key] as number;
      }
    }
  }
}

/** The runs of rows whose positions are from `start` up to `stop`, half-open. */
function* runsWithin(queryAt: Int32Array, start: number, stop: number): Generator<[number, number]> {
  let first = -1;
  for (let row = 0; row <= queryAt.length; row++) {
    const at = queryAt[row] ?? -1;
    const within = row < queryAt.length && at >= start && at < stop;
    if (within && first < 0) first = row;
    if (within || first < 0) continue;
    yield [first, row];
    first = -1;
  }
}
