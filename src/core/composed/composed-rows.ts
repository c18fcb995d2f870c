import type { MapPart } from "../../contract.gen";
import type { WeightRows } from "../attend/weight-rows";

/** The rows of one part of the picture. */
export interface PartRows {
  readonly part: MapPart;
  readonly rows: WeightRows;
}

/** The rows of a head of the picture. Weights are missing where nothing connects. */
export class ComposedRows implements WeightRows {
  readonly numQueries: number;
  readonly numKeys: number;

  constructor(
    size: number,
    private readonly parts: readonly PartRows[],
  ) {
    this.numQueries = size;
    this.numKeys = size;
  }

  get cost(): number {
    return Math.max(1, ...this.parts.map(({ rows }) => rows.cost));
  }

  /** Everything: what is missing is not 0. */
  seen(): [number, number] {
    return [0, this.numKeys];
  }

  isDivisible(start: number, stop: number): boolean {
    return this.parts.every(({ part, rows }) => {
      const [first, last] = within(part.queries, start, stop);
      return first === last || rows.isDivisible(first, last);
    });
  }

  write(start: number, stop: number, into: Float32Array, low = 0, high = this.numKeys): void {
    const width = high - low;
    into.fill(Number.NaN, 0, (stop - start) * width);
    for (const { part, rows } of this.parts) {
      const [first, last] = within(part.queries, start, stop);
      const [from, to] = within(part.keys, low, high);
      if (first === last || from === to) continue;
      const found = new Float32Array((last - first) * (to - from));
      rows.write(first, last, found, from, to);
      const column = (part.keys[0] as number) + from - low;
      for (let row = first; row < last; row++) {
        const own = found.subarray((row - first) * (to - from), (row - first + 1) * (to - from));
        into.set(own, ((part.queries[0] as number) + row - start) * width + column);
      }
    }
  }
}

/** Positions of the picture from `start` up to `stop` as positions of a part; an empty range if it has none of them. */
export function within([begin = 0, end = 0]: readonly number[], start: number, stop: number): [number, number] {
  const first = Math.min(Math.max(start, begin), end) - begin;
  return [first, Math.max(first, Math.min(stop, end) - begin)];
}
