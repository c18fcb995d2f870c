import { signal } from "@preact/signals-core";
import type { BlockRequest, MapDescription, VectorRequest } from "../src/contract.gen";
import type { Status, TokenPair, ViewContext } from "../src/core/state/context";
import { placeSignals, viewSignals } from "../src/core/state/option-signals";
import type { Source } from "../src/core/state/source";
import { sqrt8Table } from "../src/core/weights/codecs/tables";
import type { HeadWeights } from "../src/core/weights/head-weights";
import type { HeadVectors } from "../src/core/weights/vectors";
import { pictureExporter } from "../src/figure/picture-exporter";
import { DEFAULTS } from "../src/options.gen";
import { ofWholeHeads } from "../src/sources/embedded/whole-heads";

/** A map with the given tokens on both sides, 3 layers and 4 heads. */
export function mapDescription(tokens: string[], more: Partial<MapDescription> = {}): MapDescription {
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

/** A head whose weights are `weightOf(query, key)`, rounded to what one byte can hold. */
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

  readonly #pooling = ofWholeHeads(this, () => this.longDescription);
  /** The map of excerpts and tiles, which are computed from the heads held in memory. */
  longDescription: Pick<MapDescription, "query_tokens" | "key_tokens"> = { query_tokens: [], key_tokens: [] };
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

/** A source that holds every head of the maps. Each query looks at the key `head + layer` positions further on. */
export function fullSource(maps: readonly MapDescription[]): MemorySource {
  const source = new MemorySource();
  for (const description of maps) {
    const [numQueries, numKeys] = [description.query_tokens.length, description.key_tokens.length];
    for (let layer = 0; layer < description.num_layers; layer++) {
      const heads = Array.from({ length: description.num_heads[layer] as number }, (_, head) =>
        headWeights(numQueries, numKeys, (query, key) => (key === (query + head + layer) % numKeys ? 0.75 : 0.02)),
      );
      source.hold("block", description.name, layer, heads);
      source.hold("overview", description.name, layer, heads);
    }
  }
  return source;
}

export function contextOf(maps: readonly MapDescription[], source: Source) {
  return {
    name: signal("Tiny"),
    maps: signal(maps),
    selection: {
      ...placeSignals((name) => signal(name === "map" ? (maps[0]?.name ?? "") : DEFAULTS[name])),
      hover: signal<TokenPair>({ query: null, key: null }),
    },
    options: {
      ...viewSignals((name) => signal(DEFAULTS[name])),
      includeLayers: signal<readonly number[]>(Array.from({ length: maps[0]?.num_layers ?? 0 }, (_, layer) => layer)),
    },
    source,
    status: signal<Status>("live"),
    pictureExporter,
  } satisfies ViewContext;
}

/** Finds an element by the name that screen readers announce. */
export function named(root: ParentNode, name: string): HTMLElement {
  const found = root.querySelector<HTMLElement>(`[aria-label="${name}"]`);
  if (!found) throw new Error(`Nothing is named ${name}.`);
  return found;
}

export function press(target: Element, key: string): void {
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
}
