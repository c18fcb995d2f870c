import { signal } from "@preact/signals-core";
import type {
  ColorMap,
  ColorScale,
  Combine,
  Direction,
  MapDescription,
  SnapshotState,
  Tab,
  Theme,
  ViewKind,
} from "../src/contract.gen";
import type { Status, TokenPair, ViewContext } from "../src/core/state/context";
import { keepSelectionValid } from "../src/core/state/keep-selection-valid";
import { placeSignals, viewSignals } from "../src/core/state/option-signals";
import { pictureExporter } from "../src/dom/picture-exporter";
import { DEFAULTS } from "../src/options.gen";
import { views } from "../src/views/registry";
import { type Behaviour, HOSTILE, MadeUpSource, mapDescription, words } from "./gallery-data";
/** The page that `gallery.mjs` takes pictures of: `window.gallery.show(...)` puts one view into it. */

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

function mapsOf({ tokens = 16, layers = 12, heads = 12 }: Wish): MapDescription[] {
  if (tokens === "hostile") return [mapDescription("self", HOSTILE, layers, heads)];
  if (tokens === "pair") {
    const special = [0, 7, 14];
    return [
      mapDescription("self", SENTENCES, layers, heads, {
        sentence_b_start: 8,
        query_special: special,
        key_special: special,
      }),
    ];
  }
  if (tokens === "translation") {
    const special = { query_special: [0], key_special: [ENGLISH.length - 1] };
    return [
      mapDescription("encoder", ENGLISH, layers, heads),
      mapDescription("decoder", FRENCH, layers, heads),
      mapDescription("cross", FRENCH, layers, heads, { key_tokens: ENGLISH, ...special }),
    ];
  }
  return [mapDescription("self", words(tokens), layers, heads)];
}

/** The maps, with queries and keys if the wish names a family. */
function mapsWithVectors(wish: Wish): MapDescription[] {
  return mapsOf(wish).map((description) =>
    wish.family ? { ...description, no_vectors: description.no_vectors.map(() => "") } : description,
  );
}

function contextOf(wish: Wish): ViewContext & { readonly source: MadeUpSource } {
  const maps = mapsWithVectors(wish);
  const { theme, detail, tab, scale, combine, direction } = wish;
  const options: Partial<SnapshotState> = { theme, detail, tab, scale, color_map: wish.colorMap, combine, direction };
  const place: Partial<SnapshotState> = { map: maps.at(-1)?.name, layer: wish.layer ?? 4, heads: wish.active };
  return {
    name: signal("MiniLM"),
    maps: signal(maps),
    selection: {
      ...placeSignals((name) => signal(place[name] ?? DEFAULTS[name])),
      hover: signal<TokenPair>({ query: null, key: null }),
    },
    options: {
      ...viewSignals((name) => signal(options[name] ?? DEFAULTS[name])),
      includeLayers: signal(Array.from({ length: wish.layers ?? 12 }, (_, layer) => layer)),
    },
    source: new MadeUpSource(maps, wish),
    status: signal<Status>(wish.status ?? "live"),
    pictureExporter,
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
