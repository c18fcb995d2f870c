import type { Page } from "playwright-core";
import { kernel, view } from "../../ui-tests/harness/index";
import { type CaptureJob, type LongView, tell } from "./job";
import { hide, type Step, show, take } from "./page";
import type { Wire } from "./wire";

/** An order of layers or heads that goes back and forth, so that no neighbour is guessed. */
const ORDER = [3, 7, 1, 8, 5, 2, 6, 4];

/** How often a map is zoomed by half as much again, and how many times what is then in sight it is moved: beyond what
 * was fetched. */
const [DEEP, FAR] = [8, 4];

/** Measures one view of one capture, from the run of its cell to its last step. */
export class Series {
  constructor(
    readonly page: Page,
    readonly wire: Wire,
    readonly capture: CaptureJob,
    readonly view: LongView,
    /** The layer with which the view opens: each view has layers of its own, which no other has brought into memory. */
    readonly base: number,
  ) {}

  /** Shows the view, `also` telling more of how; then page and kernel are weighed. */
  async open(cell: number): Promise<void> {
    this.wire.take();
    const timing = await show(this.page, cell, this.view);
    const on = await view(this.page, this.view).locator('.hs-heads [aria-pressed="true"]').count();
    this.#tell("first screen", "cold", { ...timing, on, bytes: this.wire.take() });
    await this.#settled();
  }

  /** Takes the view away, having told what page and kernel hold. */
  async close(cell: number): Promise<void> {
    const page = await this.wire.pageMegabytes();
    tell({ ...this.#place, memory: { ...page, kernel: await this.wire.kernelMegabytes() } });
    await hide(this.page, cell);
  }

  /** Layers that have not been shown, with the heads that are on; then the same again. */
  async layers(rounds: number): Promise<void> {
    const layers = ORDER.map((step) => this.base + step).filter((layer) => layer < this.capture.layers);
    const chosen = (layers.length > 0 ? layers : [1]).slice(0, rounds);
    await this.#there(
      "layer switch",
      [this.base, ...chosen].map((layer) => ({ layer })),
    );
  }

  /** On a layer of which one head alone was shown, others alone; then the same again. */
  async heads(rounds: number): Promise<void> {
    await this.step("to one head", "", { head: 0 });
    // Of two layers none is left that has not been shown.
    const isCold = this.capture.layers > 2;
    await this.step("layer switch, one head", isCold ? "cold" : "", { layer: isCold ? this.base + 9 : 1 });
    const heads = [...ORDER.filter((head) => head < this.capture.heads)].slice(0, rounds);
    await this.#there(
      "head switch",
      [0, ...heads].map((head) => ({ head })),
    );
  }

  /** Other tokens in sight, or another part of the map; then back. */
  async moves(rounds: number): Promise<void> {
    if (this.view === "matrix") {
      return this.#movesOfMap(rounds);
    }
    const move = (key: string): Step => ({ key, on: "[role=scrollbar]" });
    for (let round = 0; round < rounds; round++) await this.step("pan", "cold", move("PageDown"));
    for (let round = 0; round < rounds; round++) await this.step("pan", "warm", move("PageUp"));
  }

  /** Zooms into the middle, goes from there to the left and down in turns, where causal heads look, and back again. */
  async #movesOfMap(rounds: number): Promise<void> {
    const zoom = (key: string, times = 1): Step => ({ key, times, on: ".hs-panels" });
    const pan = (turn: number, far: number): Step => (turn ? { right: 0, down: far } : { right: -far, down: 0 });
    const turns = [...Array(rounds).keys()].map((round) => round % 2);
    for (const _ of turns) await this.step("zoom", "cold", zoom("+"));
    await this.step("to the depth", "", zoom("+", Math.max(1, DEEP - rounds)));
    for (const turn of turns) await this.step("pan", "cold", pan(turn, FAR));
    for (const turn of turns.reverse()) await this.step("pan", "warm", pan(turn, -FAR));
    await this.step("from the depth", "", zoom("-", Math.max(1, DEEP - rounds)));
    for (const _ of turns) await this.step("zoom", "warm", zoom("-"));
  }

  async step(what: string, state: string, step: Step): Promise<void> {
    this.wire.take();
    const { changed, ...timing } = await take(this.page, this.view, step);
    if (state && !changed)
      console.warn(`The ${this.view} view looks as before: ${what} ${state}, ${JSON.stringify(step)}`);
    this.#tell(what, state, { ...timing, bytes: this.wire.take() });
    await this.#settled();
  }

  /** The first step is where the series begins; the others are cold, and warm when they come again. */
  async #there(what: string, [start, ...steps]: readonly Step[]): Promise<void> {
    for (const step of steps) await this.step(what, "cold", step);
    if (start) await this.step("back", "", start);
    for (const step of steps) await this.step(what, "warm", step);
    if (start) await this.step("back", "", start);
  }

  get #place() {
    return { ...this.capture, view: this.view };
  }

  #tell(what: string, state: string, measured: Record<string, unknown>): void {
    if (state) tell({ ...this.#place, what, state, ...measured });
  }

  /** So that what one step leaves to be done does not weigh on the next. */
  async #settled(): Promise<void> {
    await kernel(this.page, "0");
    await this.wire.quiet();
  }
}
