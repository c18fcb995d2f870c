import type { ExcerptRequest, TileRequest } from "../../contract.gen";
import { Scheduler } from "../../core/async/scheduler";
import { TakeLatest } from "../../core/async/take-latest";
import type { WeightRows } from "../../core/attend/weight-rows";
import type { FileRecord } from "../../core/file/layer-record";
import { bytesPerValue } from "../../core/file/safetensors";
import type { Grouping } from "../../core/reduce/axis";
import { addRows, ExcerptSums, extentOf } from "../../core/reduce/excerpt-sums";
import { excerptOf, groupingOf, positionsIn } from "../../core/reduce/group-tokens";
import type { Source } from "../../core/state/source";
import { fillTiles, keysOf, TileBins, tileOf } from "../../core/tiles/tile-bins";
import { checkPlace, type TakeTile, type TileAddress, tileKey, tilesOf } from "../../core/tiles/tiles";
import { tableOf } from "../../core/weights/codecs/tables";
import { excerptKeys, type HeadCache } from "../../core/weights/head-cache";
import type { HeadWeights } from "../../core/weights/head-weights";

/** The data from which excerpts and tiles of a file are computed. */
export interface FileHeads {
  /** Throws an error with a message for users if there is no such layer or head. */
  record(map: string, layer: number, heads: readonly number[]): FileRecord;
  /** The edges between the keys of different softmaxes. */
  edges(map: string): readonly number[];
  /** A head's weights for the queries from `start` up to `stop`. */
  rows(map: string, layer: number, head: number, queries: QueryRange, signal: AbortSignal): Promise<WeightRows>;
}

/** A half-open range of queries. */
export type QueryRange = readonly [start: number, stop: number];

/** How many bytes to read at a time of weights that the file itself holds. */
const READ_BYTES = 8 * 1024 * 1024;

/** A tile whose weights are all known to be 0. Its buffer has about the size of its key in the cache. */
const blank = (): HeadWeights => ({
  ...{ numQueries: 0, numKeys: 0, codes: new Uint8Array(128).subarray(0, 0) },
  ...{ table: tableOf("sqrt8"), dtype: "sqrt8" as const },
});

/** Excerpts and tiles computed from a file's rows on demand. No head is ever in memory as a whole. */
export class FileTiles implements Pick<Source, "peekExcerpt" | "excerpt" | "peekTile" | "tiles"> {
  readonly #heads: FileHeads;
  readonly #cache: HeadCache;
  readonly #latest = new TakeLatest();
  readonly #scheduler = new Scheduler();

  constructor(heads: FileHeads, cache: HeadCache) {
    this.#heads = heads;
    this.#cache = cache;
  }

  peekExcerpt(request: ExcerptRequest): readonly (HeadWeights | undefined)[] {
    const keyOf = excerptKeys(request);
    return request.heads.map((head) => this.#cache.get(keyOf(head)));
  }

  async excerpt(request: ExcerptRequest, lane: string, signal: AbortSignal): Promise<HeadWeights[]> {
    const { numQueries, numKeys } = this.#heads.record(request.map, request.layer, request.heads);
    const [queries, keys] = [groupingOf(request.queries, numQueries), groupingOf(request.keys, numKeys)];
    const keyOf = excerptKeys(request);
    return this.#latest.run(JSON.stringify(["excerpt", lane]), signal, async (wanted) => {
      const found: HeadWeights[] = [];
      for (const head of request.heads) {
        const weights = this.#cache.get(keyOf(head)) ?? (await this.#excerpt(request, head, queries, keys, wanted));
        this.#cache.set(keyOf(head), weights);
        found.push(weights);
      }
      return found;
    });
  }

  peekTile(tile: TileAddress): HeadWeights | undefined {
    return this.#cache.get(tileKey(tile));
  }

  async tiles(request: TileRequest, lane: string, take: TakeTile, signal: AbortSignal): Promise<void> {
    const { numQueries, numKeys } = this.#heads.record(request.map, request.layer, request.heads);
    const places = tilesOf(request);
    for (const place of places) checkPlace(place, numQueries, numKeys);
    await this.#latest.run(JSON.stringify(["tiles", lane]), signal, async (wanted) => {
      const missing = places.filter((place) => !this.#takeCached(place, take));
      const work = await this.#withoutBlanks(missing, take, wanted);
      for (const place of work) {
        // A tile may have been computed together with a previous one.
        if (!this.#takeCached(place, take)) await this.#compute(place, work, take, wanted);
      }
    });
  }

  #takeCached(place: TileAddress, take: TakeTile): boolean {
    const weights = this.peekTile(place);
    if (weights) take({ ...place, weights });
    return weights !== undefined;
  }

  /** Passes on tiles that are known to be blank, without work, and returns the others. */
  async #withoutBlanks(
    places: readonly TileAddress[],
    take: TakeTile,
    signal: AbortSignal,
  ): Promise<readonly TileAddress[]> {
    const [first] = places;
    if (!first) return [];
    // All heads of a layer hide the same keys.
    const rows = await this.#heads.rows(first.map, first.layer, first.head, [0, 0], signal);
    return places.filter((place) => {
      if (!isBlank(rows, place)) return true;
      const weights = blank();
      this.#cache.set(tileKey(place), weights);
      take({ ...place, weights });
      return false;
    });
  }

  /** Computes a tile, together with those of the others that need the same rows. */
  async #compute(
    place: TileAddress,
    others: readonly TileAddress[],
    take: TakeTile,
    signal: AbortSignal,
  ): Promise<void> {
    const { numQueries, numKeys } = this.#heads.record(place.map, place.layer, [place.head]);
    const binsOf = (one: TileAddress) => new TileBins(one, numQueries, numKeys, one.pool);
    const found = new Map([[place, binsOf(place)]]);
    const { start, stop } = (found.get(place) as TileBins).queries;
    await this.#walk(place, [start, stop], signal, (rows, first, last) => {
      const isAlone = rows.isDivisible(start, stop);
      const along = isAlone ? [] : others.filter((one) => one !== place && isBeside(one, place) && !this.peekTile(one));
      for (const one of along) found.set(one, found.get(one) ?? binsOf(one));
      const tiles = [...found.values()];
      const [low, high] = keysOf(tiles);
      const size = (last - first) * (isAlone ? high - low : numKeys);
      return { steps: fillTiles(rows, tiles, first, last), size };
    });
    for (const [one, bins] of found) this.#cache.set(tileKey(one), tileOf(bins));
    take({ ...place, weights: this.peekTile(place) ?? tileOf(found.get(place) as TileBins) });
  }

  async #excerpt(
    request: ExcerptRequest,
    head: number,
    queries: Grouping,
    keys: Grouping,
    signal: AbortSignal,
  ): Promise<HeadWeights> {
    const sums = new ExcerptSums(queries, keys, positionsIn(request.without), this.#heads.edges(request.map));
    const count = queries.groups.reduce((sum, { length }) => sum + length, 0);
    await this.#walk({ ...request, head }, extentOf(queries), signal, (rows, first, last) => ({
      steps: addRows(rows, sums, first, last),
      size: count * rows.numKeys,
    }));
    return excerptOf(sums);
  }

  /** Runs work over some rows of a head, in the parts in which they are read. */
  async #walk(
    { map, layer, head }: Pick<TileAddress, "map" | "layer" | "head">,
    [start, stop]: QueryRange,
    signal: AbortSignal,
    work: (rows: WeightRows, first: number, last: number) => { steps: Generator<void>; size: number },
  ): Promise<void> {
    const step = rowsReadAtOnce(this.#heads.record(map, layer, [head]));
    for (let first = start; first < stop; first += step) {
      const last = Math.min(first + step, stop);
      const rows = await this.#heads.rows(map, layer, head, [first, last], signal);
      const { steps, size } = work(rows, first, last);
      await this.#scheduler.run(steps, size, signal);
    }
  }
}

function isBlank(rows: WeightRows, place: TileAddress): boolean {
  const { queries, keys } = new TileBins(place, rows.numQueries, rows.numKeys, place.pool);
  const [low, high] = rows.seen(queries.start, queries.stop);
  return low >= high || high <= keys.start || keys.stop <= low;
}

/** Whether two tiles cover the same rows of a head. */
function isBeside(one: TileAddress, other: TileAddress): boolean {
  return one.head === other.head && one.level === other.level && one.row === other.row;
}

function rowsReadAtOnce(record: FileRecord): number {
  if (record.kind !== "weights") return record.numQueries;
  return Math.max(1, Math.floor(READ_BYTES / (record.numKeys * bytesPerValue(record.weights.dtype))));
}
