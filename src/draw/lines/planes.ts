import type { Rgb } from "../../core/look/line-geometry";
import type { Coverage } from "./coverage";
import { Mixer } from "./mix";

/** The coverages of several heads in the same column. */
export class Planes {
  readonly heads: readonly Coverage[];
  /** The initial values of the heads' coverages. */
  readonly hazes: readonly Coverage[];
  readonly #mixer: Mixer;
  readonly #length: number;
  readonly #values: Float64Array;
  readonly #total: Coverage;

  constructor(heads: readonly { readonly color: Rgb }[], length: number) {
    this.#mixer = new Mixer(heads.map(({ color }) => color));
    this.#length = length;
    this.#values = new Float64Array((this.#mixer.width + heads.length) * length);
    this.#total = new Float64Array(length);
    const plane = (index: number) => this.#values.subarray(index * length, (index + 1) * length);
    this.heads = heads.map((_, head) => plane(head));
    this.hazes = heads.map((_, head) => plane(this.#mixer.width + head));
  }

  /** Sets the entries from `top` to `end` of every head to its haze. */
  start(top: number, end: number): void {
    const distance = this.#mixer.width * this.#length;
    for (let first = 0; first < this.heads.length * this.#length; first += this.#length) {
      this.#values.copyWithin(first + top, first + distance + top, first + distance + end);
    }
  }

  /** Mixes the heads' colours in the rows from `top` to `bottom`. Where no head is visible, `colors` stay unchanged. */
  mix(colors: Uint32Array, top: number, bottom: number): void {
    this.#mixer.mix(colors, this.#values, this.#length, top, bottom);
  }

  /** The coverage of all heads together. */
  total(): Coverage {
    const total = this.#total.fill(0);
    for (const head of this.heads) add(total, head);
    return total;
  }
}

function add(total: Coverage, coverage: Coverage): void {
  for (let row = 0; row < total.length; row++) total[row] = (total[row] as number) + (coverage[row] as number);
}
