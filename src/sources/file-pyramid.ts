import type { ExcerptRequest, TileRequest } from "../contract.gen";
import { excerptKeys, type HeadCache } from "../core/cache";
import { addRows, extentOf } from "../core/excerpt-rows";
import { ExcerptSums } from "../core/excerpt-sums";
import type { FileRecord } from "../core/file-record";
import type { HeadWeights } from "../core/head-weights";
import { Lanes } from "../core/lanes";
import { LeastFirst } from "../core/least-first";
import { excerptOf, type Grouping, groupingOf } from "../core/regroup";
import { bytesPerValue } from "../core/safetensors";
import type { Source } from "../core/source";
import { tableOf } from "../core/tables";
import { TileBins } from "../core/tile-bins";
import { fillTiles, keysOf } from "../core/tile-rows";
import { checkPlace, type Tile, tileKey, tileOf, tilesOf } from "../core/tiles";
import type { WeightRows } from "../core/weights-rows";

/** What excerpts and tiles of a file are computed from. */
export interface FileHeads {
  /** Throws a sentence for people where there is no such layer, or head. */
  record(map: string, layer: number, heads: readonly number[]): FileRecord;
  /** A head's weights for the queries from `start` up to `stop`. */
  rows(map: string, layer: number, head: number, queries: Range, signal: AbortSignal): Promise<WeightRows>;
}

/** Half-open. */
export type Range = readonly [start: number, stop: number];
type Place = Omit<Tile, "weights">;
type Take = (tile: Tile) => void;

/** Weights that stand in the file themselves are read so many bytes at a time. */
const READ_BYTES = 8 * 1024 * 1024;

/** A tile whose weights are all known to be 0. What it takes is about what its name in the cache does. */
const blank = (): HeadWeights => ({
  ...{ numQueries: 0, numKeys: 0, codes: new Uint8Array(128).subarray(0, 0) },
  ...{ table: tableOf("sqrt8"), dtype: "sqrt8" as const },
});

/** Excerpts and tiles that are computed from a file's rows as these are wanted: no head is ever held whole. */
export class FilePyramid implements Pick<Source, "peekExcerpt" | "excerpt" | "peekTile" | "tiles"> {
  readonly #heads: FileHeads;
  readonly #cache: HeadCache;
  readonly #lanes = new Lanes();
  readonly #works = new LeastFirst();

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
    return this.#lanes.newest(JSON.stringify(["excerpt", lane]), signal, async (wanted) => {
      const found: HeadWeights[] = [];
      for (const head of request.heads) {
        const weights = this.#cache.get(keyOf(head)) ?? (await this.#excerpt(request, head, queries, keys, wanted));
        this.#cache.set(keyOf(head), weights);
        found.push(weights);
      }
      return found;
    });
  }

  peekTile(tile: Place): HeadWeights | undefined {
    return this.#cache.get(tileKey(tile));
  }

  async tiles(request: TileRequest, lane: string, take: Take, signal: AbortSignal): Promise<void> {
    const { numQueries, numKeys } = this.#heads.record(request.map, request.layer, request.heads);
    const places = tilesOf(request);
    for (const place of places) checkPlace(place, numQueries, numKeys);
    await this.#lanes.newest(JSON.stringify(["tiles", lane]), signal, async (wanted) => {
      const missing = places.filter((place) => !this.#takeKept(place, take));
      const work = await this.#withoutBlanks(missing, take, wanted);
      for (const place of work) {
        // What was computed with one before it is here by now.
        if (!this.#takeKept(place, take)) await this.#compute(place, work, take, wanted);
      }
    });
  }

  #takeKept(place: Place, take: Take): boolean {
    const weights = this.peekTile(place);
    if (weights) take({ ...place, weights });
    return weights !== undefined;
  }
  /** Gives those away that are known to be blank without work, and returns the others. */
  async #withoutBlanks(places: readonly Place[], take: Take, signal: AbortSignal): Promise<readonly Place[]> {
    const [first] = places;
    if (!first) return [];
    // What queries see is the same for all heads of a layer.
    const rows = await this.#heads.rows(first.map, first.layer, first.head, [0, 0], signal);
    return places.filter((place) => {
      if (!isBlank(rows, place)) return true;
      const weights = blank();
      this.#cache.set(tileKey(place), weights);
      take({ ...place, weights });
      return false;
    });
  }

  /** Computes a tile, and with it the others whose rows have to be computed for it anyway. */
  async #compute(place: Place, others: readonly Place[], take: Take, signal: AbortSignal): Promise<void> {
    const { numQueries, numKeys } = this.#heads.record(place.map, place.layer, [place.head]);
    const binsOf = (one: Place) => new TileBins(one, numQueries, numKeys, one.pool);
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
    const sums = new ExcerptSums(queries, keys, request.without_sink);
    const count = queries.groups.reduce((sum, { length }) => sum + length, 0);
    await this.#walk({ ...request, head }, extentOf(queries), signal, (rows, first, last) => ({
      steps: addRows(rows, sums, first, last),
      size: count * rows.numKeys,
    }));
    return excerptOf(sums);
  }

  /** Runs work over some rows of a head, in as many parts as they are read in. */
  async #walk(
    { map, layer, head }: Pick<Place, "map" | "layer" | "head">,
    [start, stop]: Range,
    signal: AbortSignal,
    work: (rows: WeightRows, first: number, last: number) => { steps: Generator<void>; size: number },
  ): Promise<void> {
    const step = rowsReadAtOnce(this.#heads.record(map, layer, [head]));
    for (let first = start; first < stop; first += step) {
      const last = Math.min(first + step, stop);
      const rows = await this.#heads.rows(map, layer, head, [first, last], signal);
      const { steps, size } = work(rows, first, last);
      await this.#works.run(steps, size, signal);
    }
  }
}

function isBlank(rows: WeightRows, place: Place): boolean {
  const { queries, keys } = new TileBins(place, rows.numQueries, rows.numKeys, place.pool);
  const [low, high] = rows.seen(queries.start, queries.stop);
  return low >= high || high <= keys.start || keys.stop <= low;
}

/** Whether two tiles cover the same rows of a head. */
function isBeside(one: Place, other: Place): boolean {
  return one.head === other.head && one.level === other.level && one.row === other.row;
}

function rowsReadAtOnce(record: FileRecord): number {
  if (record.kind !== "weights") return record.numQueries;
  return Math.max(1, Math.floor(READ_BYTES / (record.numKeys * bytesPerValue(record.weights.dtype))));
}
