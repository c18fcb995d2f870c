import { signal as signalOf } from "@preact/signals-core";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { MemorySource } from "../../../testing/view";
import type { Source } from "../../core/state/source";
import { type Tile, tileKey, tilesOf } from "../../core/tiles/tiles";
import { encodeWeights, type HeadWeights } from "../../core/weights/head-weights";
import type { TileName } from "./recent-tiles";
import { watchTiles } from "./tile-watch";

// @vitest-environment happy-dom

const WEIGHTS: HeadWeights = { numQueries: 1, numKeys: 1, ...encodeWeights([0.5]) };

type Take = Parameters<Source["tiles"]>[2];

/** Sends one tile at a time when told to, and remembers a limited number. */
class SlowSource extends MemorySource {
  readonly asked: { readonly lane: string; readonly signal: AbortSignal; readonly names: TileName[]; done: boolean }[] =
    [];
  readonly memory = new Map<string, HeadWeights>();
  #steps: (() => void)[] = [];

  constructor() {
    super();
    Object.assign(this, {
      peekTile: (tile: TileName) => this.memory.get(tileKey(tile)),
      tiles: (async (request, lane, take, signal) => {
        const one = { lane, signal, names: tilesOf(request), done: false };
        this.asked.push(one);
        for (const name of one.names) {
          await new Promise<void>((step) => this.#steps.push(step));
          signal.throwIfAborted();
          this.#send({ ...name, weights: WEIGHTS }, take);
        }
        one.done = true;
      }) satisfies Source["tiles"],
    });
  }

  #send(tile: Tile, take: Take): void {
    this.memory.set(tileKey(tile), tile.weights);
    for (const key of [...this.memory.keys()].slice(0, -6)) this.memory.delete(key);
    take(tile);
  }

  step(): void {
    const steps = this.#steps;
    this.#steps = [];
    for (const go of steps) go();
  }

  running() {
    return this.asked.filter(({ signal, done }) => !done && !signal.aborted);
  }
}

const name = (layer: number, column: number): TileName => ({
  ...{ map: "self", layer, head: 0, pool: "max", level: 0, row: 0 },
  column,
});

const settle = () => new Promise((done) => setTimeout(done));

test("one request runs at a time, always for a wanted tile, and in the end all tiles are there", async () => {
  const wishes = fc.array(fc.tuple(fc.nat(1), fc.nat(9), fc.integer({ min: 1, max: 4 }), fc.nat(2)), {
    minLength: 1,
    maxLength: 12,
  });
  await fc.assert(
    fc.asyncProperty(wishes, async (walk) => {
      const source = new SlowSource();
      const ending = new AbortController();
      const wanted = signalOf<readonly TileName[]>([]);
      const watch = watchTiles(source, wanted, ending.signal);
      for (const [layer, from, count, steps] of walk) {
        wanted.value = Array.from({ length: count }, (_, at) => name(layer, from + at));
        for (let step = 0; step <= steps; step++) {
          const running = source.running();
          expect(running.length).toBeLessThanOrEqual(1);
          expect(new Set(source.asked.map(({ lane }) => lane)).size).toBeLessThanOrEqual(1);
          for (const { names } of running) expect(names.every((one) => one.layer === layer)).toBe(true);
          source.step();
          await settle();
        }
      }
      for (let step = 0; step < 20 && watch.progress.value.state !== "ready"; step++) {
        source.step();
        await settle();
      }
      expect(watch.progress.value.state).toBe("ready");
      expect(wanted.value.every((one) => watch.find(one))).toBe(true);
      expect(source.running()).toEqual([]);
      ending.abort();
    }),
    { numRuns: 25 },
  );
});

test("a tile on screen stays after the source has evicted it", async () => {
  const source = new SlowSource();
  const ending = new AbortController();
  const wanted = signalOf<readonly TileName[]>([name(0, 0)]);
  const watch = watchTiles(source, wanted, ending.signal);
  source.step();
  await vi.waitFor(() => expect(watch.progress.value.state).toBe("ready"));
  source.memory.clear();
  wanted.value = [name(0, 0), name(0, 1)];
  expect(watch.find(name(0, 0))).toBe(WEIGHTS);
  expect(watch.lacking.value).toEqual([name(0, 1)]);
  ending.abort();
  expect(source.running()).toEqual([]);
});
