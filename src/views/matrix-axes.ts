import type { MapInfo } from "../contract.gen";
import type { TokenPair } from "../core/context";
import { labelStep, MAP_GAP, type MatrixLayout, placeOf } from "../core/matrix-layout";
import type { Span, Viewport } from "../core/viewport";
import { element } from "../dom/element";
import { tokenColumns, tokenText } from "../dom/token";
import type { Side } from "./columns";
import { stretchOf } from "./matrix-panels";

/** How high a name is, in CSS pixels. */
export const NAME = 11;
/** Names whose middles are closer than this, in CSS pixels, can't be read. */
const CLOSEST = 8;
/** Longer names are cut in the middle. */
const LETTERS = 14;

/** How wide the names of a side get, in letters. */
export function longestName(tokens: readonly string[]): number {
  return tokens.reduce(
    (most, token) => Math.max(most, Math.min(LETTERS + 1, tokenColumns(tokenText(token, LETTERS)))),
    0,
  );
}

export interface Axes {
  readonly query: readonly HTMLElement[];
  readonly key: readonly HTMLElement[];
}

/** The names of the tokens that are shown, as many as have room: left of each row of maps, and above each column. */
export function tickNames(info: MapInfo, layout: MatrixLayout, viewport: Viewport): Axes {
  const { mapWidth, mapHeight } = layout;
  return {
    query: ticksOf("query", info, layout, positions(viewport.queries, mapHeight), viewport),
    key: ticksOf("key", info, layout, positions(viewport.keys, mapWidth), viewport),
  };
}

/** The names of single tokens, over those of others that may stand in their place. */
export function markedNames(
  info: MapInfo,
  layout: MatrixLayout,
  viewport: Viewport,
  tokens: TokenPair,
  kind: string,
): Axes {
  const within = (position: number | null, [start, stop]: Span) =>
    position !== null && position + 1 > start && position < stop ? [position] : [];
  const query = ticksOf("query", info, layout, within(tokens.query, viewport.queries), viewport);
  const key = ticksOf("key", info, layout, within(tokens.key, viewport.keys), viewport);
  for (const tick of [...query, ...key]) tick.classList.add(kind);
  return { query, key };
}

/** The tokens to name: every one, or every 2nd, 5th, 10th..., whose middle is shown. */
function positions([start, stop]: Span, pixels: number): number[] {
  const step = labelStep(pixels / (stop - start), NAME);
  const first = Math.ceil((start - 0.5) / step) * step;
  const found: number[] = [];
  for (let position = first; position + 0.5 < stop; position += step) found.push(position);
  return found;
}

function ticksOf(
  side: Side,
  info: MapInfo,
  layout: MatrixLayout,
  named: readonly number[],
  viewport: Viewport,
): HTMLElement[] {
  const isQuery = side === "query";
  const tokens = isQuery ? info.query_tokens : info.key_tokens;
  const special = new Set(isQuery ? info.query_special : info.key_special);
  const [span, pixels] = isQuery ? [viewport.queries, layout.mapHeight] : [viewport.keys, layout.mapWidth];
  const axes = Array.from({ length: isQuery ? layout.rows : layout.columns }, (_, index) =>
    isQuery ? placeOf(layout, index * layout.columns)[1] : index * (layout.mapWidth + MAP_GAP),
  );
  const middles = named.map((position) => {
    const [from, extent] = stretchOf(span, pixels, position);
    return Math.max(NAME / 2, Math.min(from + extent / 2, pixels - NAME / 2));
  });
  // Names at the ends are moved inwards: not over those beside them.
  const apart = [...named.keys()].filter((at) => !((middles[at] as number) - (middles[at - 1] as number) < CLOSEST));
  return axes.flatMap((origin) =>
    apart.map((at) => {
      const position = named[at] as number;
      return tick(side, position, tokens[position] ?? "", special.has(position), origin + (middles[at] as number));
    }),
  );
}

function tick(side: Side, position: number, token: string, isSpecial: boolean, middle: number): HTMLElement {
  const { lead, text } = tokenText(token, LETTERS);
  const attributes = {
    class: isSpecial ? "hs-tick hs-special" : "hs-tick",
    dir: "auto",
    title: token,
    [`data-${side}`]: position,
    style: `${side === "query" ? "top" : "left"}: ${middle.toFixed(2)}px`,
  };
  return element("div", attributes, element("i", {}, lead), text);
}
