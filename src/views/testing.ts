import { signal } from "@preact/signals-core";
import type {
  BlockRequest,
  ColorMap,
  ColorScale,
  Combine,
  Direction,
  MapInfo,
  PairFilter,
  PoolKind,
  Tab,
  Theme,
  VectorRequest,
} from "../contract.gen";
import type { Status, TokenPair, ViewContext } from "../core/context";
import type { HeadWeights } from "../core/head-weights";
import type { Source } from "../core/source";
import { sqrt8Table } from "../core/tables";
import type { HeadVectors } from "../core/vectors";
import { ofWholeHeads } from "../core/whole-heads";
import { printer } from "../dom/printer";

/** A map with the given tokens on both sides, 3 layers and 4 heads. */
export function mapInfo(tokens: string[], more: Partial<MapInfo> = {}): MapInfo {
  return {
    name: "self",
    label: "Self",
    num_layers: 3,
    num_heads: [4, 4, 4],
    query_tokens: tokens,
    key_tokens: tokens,
    query_special: [],
    key_special: [],
    query_words: null,
    key_words: null,
    query_segments: [],
    key_segments: [],
    sentence_b_start: null,
    no_vectors: Array(3).fill("These weights were given."),
    ...more,
  };
}

/** A head whose weights are `weightOf(query, key)`, to the nearest that one byte can hold. */
export function headWeights(
  numQueries: number,
  numKeys: number,
  weightOf: (query: number, key: number) => number,
): HeadWeights {
  const codes = Uint8Array.from({ length: numQueries * numKeys }, (_, index) => {
    const weight = weightOf(Math.floor(index / numKeys), index % numKeys);
    return Number.isNaN(weight) ? 255 : Math.round(254 * Math.sqrt(weight));
  });
  return { numQueries, numKeys, codes, table: sqrt8Table, dtype: "sqrt8" };
}

/** A request that waits until the test answers it. */
export interface OpenRequest extends BlockRequest {
  readonly signal: AbortSignal;
  resolve(weights: HeadWeights[]): void;
  reject(error: Error): void;
}

/** The same for vectors. */
export interface OpenVectorRequest extends VectorRequest {
  readonly signal: AbortSignal;
  resolve(vectors: HeadVectors): void;
  reject(error: Error): void;
}

/** Holds some heads in memory; other requests wait for the test. */
export class MemorySource implements Source {
  readonly held = new Map<string, HeadWeights>();
  readonly requests: OpenRequest[] = [];

  hold(kind: BlockRequest["kind"], map: string, layer: number, heads: readonly HeadWeights[]): void {
    heads.forEach((weights, head) => {
      this.held.set(`${kind} ${map} ${layer} ${head}`, weights);
    });
  }

  peek(kind: BlockRequest["kind"], map: string, layer: number, head: number): HeadWeights | undefined {
    return this.held.get(`${kind} ${map} ${layer} ${head}`);
  }

  fetch(request: BlockRequest, signal: AbortSignal): Promise<HeadWeights[]> {
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      this.requests.push({ ...request, signal, resolve, reject });
    });
  }

  readonly #pooling = ofWholeHeads(this, () => this.longInfo);
  /** The map that excerpts and tiles are of; they come of the whole heads that are held. */
  longInfo: Pick<MapInfo, "query_tokens" | "key_tokens"> = { query_tokens: [], key_tokens: [] };
  readonly peekExcerpt = this.#pooling.peekExcerpt;
  readonly excerpt = this.#pooling.excerpt;
  readonly peekTile = this.#pooling.peekTile;
  readonly tiles = this.#pooling.tiles;

  readonly heldVectors = new Map<string, HeadVectors>();
  readonly vectorRequests: OpenVectorRequest[] = [];

  holdVectors(map: string, layer: number, head: number, vectors: HeadVectors): void {
    this.heldVectors.set(`${map} ${layer} ${head}`, vectors);
  }

  vectors(request: VectorRequest, signal: AbortSignal): Promise<HeadVectors> {
    const held = this.heldVectors.get(`${request.map} ${request.layer} ${request.head}`);
    if (held) return Promise.resolve(held);
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      this.vectorRequests.push({ ...request, signal, resolve, reject });
    });
  }

  get last(): OpenRequest {
    const request = this.requests.at(-1);
    if (!request) throw new Error("Nothing was asked for.");
    return request;
  }
}

/** A source that holds every head of the maps: each query looks at the key that `head + layer` positions on. */
export function fullSource(maps: readonly MapInfo[]): MemorySource {
  const source = new MemorySource();
  for (const info of maps) {
    const [numQueries, numKeys] = [info.query_tokens.length, info.key_tokens.length];
    for (let layer = 0; layer < info.num_layers; layer++) {
      const heads = Array.from({ length: info.num_heads[layer] as number }, (_, head) =>
        headWeights(numQueries, numKeys, (query, key) => (key === (query + head + layer) % numKeys ? 0.75 : 0.02)),
      );
      source.hold("block", info.name, layer, heads);
      source.hold("overview", info.name, layer, heads);
    }
  }
  return source;
}

export function contextOf(maps: readonly MapInfo[], source: Source) {
  return {
    name: signal("Tiny"),
    maps: signal(maps),
    selection: {
      map: signal(maps[0]?.name ?? ""),
      layer: signal(0),
      heads: signal<readonly number[] | null>(null),
      query: signal<number | null>(null),
      key: signal<number | null>(null),
      pair: signal<PairFilter>("all"),
      hover: signal<TokenPair>({ query: null, key: null }),
    },
    options: {
      theme: signal<Theme>("auto"),
      includeLayers: signal<readonly number[]>(Array.from({ length: maps[0]?.num_layers ?? 0 }, (_, layer) => layer)),
      includeHeads: signal<readonly number[] | null>(null),
      detail: signal(false),
      tab: signal<Tab>("heads"),
      scale: signal<ColorScale>("linear"),
      colorMap: signal<ColorMap>("viridis"),
      combine: signal<Combine>("each"),
      pool: signal<PoolKind>("max"),
      aids: {
        threshold: signal<number | null>(null),
        topK: signal<number | null>(null),
        hideSpecial: signal(false),
        hideSink: signal(false),
        mergeWords: signal(false),
        mergeSegments: signal(false),
        openSegments: signal<readonly number[]>([]),
        direction: signal<Direction>("out"),
        search: signal(""),
      },
    },
    source,
    status: signal<Status>("live"),
    printer,
  } satisfies ViewContext;
}

/** What stands in a page that a reader would see, found by the name that assistive software reads. */
export function named(root: ParentNode, name: string): HTMLElement {
  const found = root.querySelector<HTMLElement>(`[aria-label="${name}"]`);
  if (!found) throw new Error(`Nothing is named ${name}.`);
  return found;
}

export function press(target: Element, key: string): void {
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
}
