import { bytesPerValue, type TensorDtype } from "../file/safetensors";
import { floatsOf } from "../file/safetensors-values";

/** Gives the weights of one head, a few queries at a time. */
export interface WeightRows {
  readonly numQueries: number;
  readonly numKeys: number;
  /** The cost of one weight, in multiplications. */
  readonly cost: number;
  /**
   * The half-open interval of keys outside of which the weights of the queries from `start` up to `stop` are known to
   * be 0.
   */
  seen(start: number, stop: number): readonly [number, number];
  /** Whether some keys of these queries cost less than all of them. */
  isDivisible(start: number, stop: number): boolean;
  /**
   * Writes the weights of these queries for the keys from `low` up to `high` (by default all), shape (stop - start,
   * high - low); NaN where missing.
   */
  write(start: number, stop: number, into: Float32Array, low?: number, high?: number): void;
}

/** Weights that the file itself holds: `bytes` are those of the queries from `first` on. */
export class GivenRows implements WeightRows {
  readonly cost = 8;

  constructor(
    readonly numQueries: number,
    readonly numKeys: number,
    private readonly bytes: Uint8Array,
    private readonly dtype: TensorDtype,
    private readonly first = 0,
  ) {}

  seen(): [number, number] {
    return [0, this.numKeys];
  }

  isDivisible(): boolean {
    return true;
  }

  write(start: number, stop: number, into: Float32Array, low = 0, high = this.numKeys): void {
    const row = this.numKeys * bytesPerValue(this.dtype);
    const values = floatsOf(this.bytes.subarray((start - this.first) * row, (stop - this.first) * row), this.dtype);
    let at = 0;
    for (let line = 0; line < values.length; line += this.numKeys) {
      for (let key = low; key < high; key++, at++) {
        const value = values[line + key] as number;
        into[at] = Number.isFinite(value) ? value : Number.NaN;
      }
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

  seen(): [number, number] {
    return [0, this.numKeys];
  }

  isDivisible(): boolean {
    return true;
  }

  write(start: number, stop: number, into: Float32Array, low = 0, high = this.numKeys): void {
    into.fill(Number.NaN, 0, (stop - start) * (high - low));
  }
}

/**
 * A window of tokens that attend only to each other (Swin, Qwen2-VL), and the positions of its queries and keys in the
 * map; -1 for none.
 */
export interface WindowRows {
  readonly rows: WeightRows;
  readonly queryAt: Int32Array;
  readonly keyAt: Int32Array;
}

/** The weights of a layer with windowed attention. Weights between windows are zero. */
export class WindowedRows implements WeightRows {
  constructor(
    readonly numQueries: number,
    readonly numKeys: number,
    private readonly pieces: readonly WindowRows[],
  ) {}

  get cost(): number {
    const work = ({ rows }: WindowRows) => rows.cost * rows.numQueries * rows.numKeys;
    const whole = this.pieces.reduce((sum, piece) => sum + work(piece), 0);
    return 1 + whole / (this.numQueries * this.numKeys);
  }

  seen(): [number, number] {
    return [0, this.numKeys];
  }

  isDivisible(): boolean {
    return false;
  }

  write(start: number, stop: number, into: Float32Array, low = 0, high = this.numKeys): void {
    into.fill(0, 0, (stop - start) * (high - low));
    for (const piece of this.pieces) {
      for (const [first, last] of runsWithin(piece.queryAt, start, stop)) {
        const found = new Float32Array((last - first) * piece.rows.numKeys);
        piece.rows.write(first, last, found);
        place(piece, first, last, found, { start, low, high, into });
      }
    }
  }
}

/** A rectangle of weights that begins at query `start`. */
interface RowRectangle {
  readonly start: number;
  readonly low: number;
  readonly high: number;
  readonly into: Float32Array;
}

/** Copies rows of a piece to their places in the rectangle. */
function place(
  { queryAt, keyAt }: WindowRows,
  first: number,
  last: number,
  found: Float32Array,
  { start, low, high, into }: RowRectangle,
): void {
  for (let row = first; row < last; row++) {
    const target = ((queryAt[row] as number) - start) * (high - low) - low;
    const source = (row - first) * keyAt.length;
    for (let key = 0; key < keyAt.length; key++) {
      const at = keyAt[key] as number;
      if (at >= low && at < high) into[target + at] = found[source + key] as number;
    }
  }
}

/** The half-open runs of rows whose positions lie from `start` up to `stop`. */
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
