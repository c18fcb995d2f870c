/** The page that `gallery.mjs` takes pictures of: `window.gallery.show(...)` puts one view into it. */

import { signal } from "@preact/signals-core";
import type {
  ColorMap,
  ColorScale,
  Combine,
  Direction,
  MapInfo,
  PairFilter,
  PoolKind,
  Tab,
  Theme,
  ViewKind,
} from "../src/contract.gen";
import type { Status, TokenPair, ViewContext } from "../src/core/context";
import { keepSelectionValid } from "../src/core/valid";
import { printer } from "../src/dom/printer";
import { views } from "../src/views/registry";
import { type Behaviour, HOSTILE, MadeUpSource, mapInfo, words } from "./gallery-data";

export interface Wish extends Behaviour {
  readonly view: ViewKind;
  readonly theme: Theme;
  readonly tokens?: number | "hostile" | "pair" | "translation";
  readonly layers?: number;
  readonly heads?: number;
  readonly layer?: number;
  readonly active?: number[] | null;
  readonly detail?: boolean;
  readonly status?: Status;
  readonly tab?: Tab;
  readonly scale?: ColorScale;
  readonly colorMap?: ColorMap;
  readonly combine?: Combine;
  readonly direction?: Direction;
}

const SENTENCES = "[CLS] the cat sat on the mat [SEP] the cat lay on the rug [SEP]".split(" ");
const ENGLISH = "The agreement on the European area was signed in August . </s>".split(" ");
const FRENCH = "<s> L' accord sur la zone européenne a été signé en août".split(" ");

function mapsOf({ tokens = 16, layers = 12, heads = 12 }: Wish): MapInfo[] {
  if (tokens === "hostile") return [mapInfo("self", HOSTILE, layers, heads)];
  if (tokens === "pair") {
    const special = [0, 7, 14];
    return [
      mapInfo("self", SENTENCES, layers, heads, { sentence_b_start: 8, query_special: special, key_special: special }),
    ];
  }
  if (tokens === "translation") {
    const special = { query_special: [0], key_special: [ENGLISH.length - 1] };
    return [
      mapInfo("encoder", ENGLISH, layers, heads),
      mapInfo("decoder", FRENCH, layers, heads),
      mapInfo("cross", FRENCH, layers, heads, { key_tokens: ENGLISH, ...special }),
    ];
  }
  return [mapInfo("self", words(tokens), layers, heads)];
}

/** The maps, with queries and keys where the wish names whose. */
function mapsWithVectors(wish: Wish): MapInfo[] {
  return mapsOf(wish).map((info) => (wish.family ? { ...info, no_vectors: info.no_vectors.map(() => "") } : info));
}

function contextOf(wish: Wish): ViewContext & { readonly source: MadeUpSource } {
  const maps = mapsWithVectors(wish);
  return {
    name: signal("MiniLM"),
    maps: signal(maps),
    selection: {
      map: signal(maps.at(-1)?.name ?? ""),
      layer: signal(wish.layer ?? 4),
      heads: signal<readonly number[] | null>(wish.active ?? null),
      query: signal<number | null>(null),
      key: signal<number | null>(null),
      pair: signal<PairFilter>("all"),
      hover: signal<TokenPair>({ query: null, key: null }),
    },
    options: {
      theme: signal<Theme>(wish.theme),
      includeLayers: signal(Array.from({ length: wish.layers ?? 12 }, (_, layer) => layer)),
      includeHeads: signal<readonly number[] | null>(null),
      detail: signal(wish.detail ?? false),
      tab: signal<Tab>(wish.tab ?? "heads"),
      scale: signal<ColorScale>(wish.scale ?? "linear"),
      colorMap: signal<ColorMap>(wish.colorMap ?? "viridis"),
      combine: signal<Combine>(wish.combine ?? "each"),
      pool: signal<PoolKind>("max"),
      aids: {
        threshold: signal<number | null>(null),
        topK: signal<number | null>(null),
        hideSpecial: signal(false),
        hideSink: signal(false),
        mergeWords: signal(false),
        mergeSegments: signal(false),
        openSegments: signal<readonly number[]>([]),
        direction: signal<Direction>(wish.direction ?? "out"),
        search: signal(""),
      },
    },
    source: new MadeUpSource(maps, wish),
    status: signal<Status>(wish.status ?? "live"),
    printer,
  };
}

let ending = new AbortController();

function show(wish: Wish): ViewContext {
  ending.abort();
  ending = new AbortController();
  const context = contextOf(wish);
  keepSelectionValid(context, ending.signal);
  const root = document.createElement("div");
  document.body.replaceChildren(root);
  views[wish.view](root, context, ending.signal);
  Object.assign(globalThis, { context });
  return context;
}

Object.assign(globalThis, { gallery: { show } });
