import type { ReadonlySignal } from "@preact/signals-core";
import type { MapDescription } from "../../contract.gen";
import { labelStep, MAP_GAP, type MatrixLayout, placeOf } from "../../core/look/matrix-layout";
import type { Span, Viewport } from "../../core/look/viewport";
import type { TokenPair } from "../../core/state/context";
import type { Side } from "../../core/state/side";
import { element } from "../../dom/element";
import { tokenColumns, tokenText } from "../../dom/token";
import { effectUntil } from "../../dom/until";
import { besidePins, type Focus } from "../scene/focus";
import type { Scene } from "../scene/scene";
import { matchesOf } from "../tokens/search";
import { stretchOf } from "./panels";

/** The height of a name, in CSS pixels. */
const NAME = 11;
/** Names whose middles are closer than this, in CSS pixels, are illegible. */
const CLOSEST = 8;
/** From this step between named tokens on, their words say less than their positions. */
const COUNTED = 5;
/** Longer names are cut in the middle. */
const LETTERS = 14;

/** The width of the names of a side, in letters. */
export function longestName(tokens: readonly string[]): number {
  return tokens.reduce(
    (most, token) => Math.max(most, Math.min(LETTERS + 1, tokenColumns(tokenText(token, LETTERS)))),
    0,
  );
}

interface Axes {
  readonly query: readonly HTMLElement[];
  readonly key: readonly HTMLElement[];
}

/** The names of the visible tokens, as many as fit: left of each row of maps, and above each column. */
function tickNames(description: MapDescription, layout: MatrixLayout, viewport: Viewport): Axes {
  const { mapWidth, mapHeight } = layout;
  return {
    query: ticksOf("query", description, layout, positions(viewport.queries, mapHeight), viewport),
    key: ticksOf("key", description, layout, positions(viewport.keys, mapWidth), viewport),
  };
}

/** The names of marked tokens, which lie over the names of others. */
function markedNames(
  description: MapDescription,
  layout: MatrixLayout,
  viewport: Viewport,
  tokens: TokenPair,
  kind: string,
): Axes {
  const within = (position: number | null, [start, stop]: Span) =>
    position !== null && position + 1 > start && position < stop ? [position] : [];
  const query = ticksOf("query", description, layout, within(tokens.query, viewport.queries), viewport);
  const key = ticksOf("key", description, layout, within(tokens.key, viewport.keys), viewport);
  for (const tick of [...query, ...key]) tick.classList.add(kind);
  return { query, key };
}

/** The tokens to name: every one, or every 2nd, 5th, 10th ... whose middle is visible. */
function positions([start, stop]: Span, pixels: number): number[] {
  const step = labelStep(pixels / (stop - start), NAME);
  const first = Math.max(0, Math.ceil((start - 0.5) / step) * step);
  const found: number[] = [];
  for (let position = first; position + 0.5 < stop; position += step) found.push(position);
  return found;
}

function ticksOf(
  side: Side,
  description: MapDescription,
  layout: MatrixLayout,
  named: readonly number[],
  viewport: Viewport,
): HTMLElement[] {
  const isQuery = side === "query";
  const isCounted = named.length > 1 && (named[1] as number) - (named[0] as number) >= COUNTED;
  const tokens = isQuery ? description.query_tokens : description.key_tokens;
  const special = new Set(isQuery ? description.query_special : description.key_special);
  const [span, pixels] = isQuery ? [viewport.queries, layout.mapHeight] : [viewport.keys, layout.mapWidth];
  const axes = Array.from({ length: isQuery ? layout.rows : layout.columns }, (_, index) =>
    isQuery ? placeOf(layout, index * layout.columns)[1] : index * (layout.mapWidth + MAP_GAP),
  );
  const middles = named.map((position) => {
    const [from, extent] = stretchOf(span, pixels, position);
    return Math.max(NAME / 2, Math.min(from + extent / 2, pixels - NAME / 2));
  });
  // Names at the ends are moved inwards, unless they would cover their neighbours.
  const apart = [...named.keys()].filter((at) => !((middles[at] as number) - (middles[at - 1] as number) < CLOSEST));
  return axes.flatMap((origin) =>
    apart.map((at) => {
      const position = named[at] as number;
      const made = tick(
        side,
        position,
        tokens[position] ?? "",
        special.has(position),
        origin + (middles[at] as number),
      );
      if (isCounted) made.replaceChildren(position.toLocaleString("en"));
      return made;
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

/** The elements that hold the names of a side. The elements of the maps stay the same while their contents change. */
export interface Names {
  readonly query: readonly HTMLElement[];
  readonly key: readonly HTMLElement[];
}

/** Keeps the names of the tokens up to date: those that fit, and over them the found, pinned and pointed ones. */
export function mountNames(
  scene: Scene,
  layout: ReadonlySignal<MatrixLayout>,
  viewport: ReadonlySignal<Viewport>,
  focus: ReadonlySignal<Focus>,
  signal: AbortSignal,
): Names {
  const slots = [slot(), slot(), slot(), slot()] as const;
  const [ticks, found, pinned, pointed] = slots;
  const named = (tokens: TokenPair, kind: string): Axes =>
    scene.description.value
      ? markedNames(scene.description.value, layout.value, viewport.value, tokens, kind)
      : { query: [], key: [] };
  effectUntil(signal, () => {
    if (scene.description.value) ticks.fill(tickNames(scene.description.value, layout.value, viewport.value));
  });
  const matches = matchesOf(scene);
  effectUntil(signal, () => {
    const { mapWidth, mapHeight } = layout.value;
    const queries = legible(matches.value.queries, viewport.value.queries, mapHeight);
    const keys = legible(matches.value.keys, viewport.value.keys, mapWidth);
    found.fill({
      query: queries.flatMap((query) => named({ query, key: null }, "hs-found").query),
      key: keys.flatMap((key) => named({ query: null, key }, "hs-found").key),
    });
  });
  effectUntil(signal, () => {
    const pins = { query: scene.tokens.query.value, key: scene.tokens.key.value };
    pinned.fill(named(pins, "hs-pinned"));
    pointed.fill(named(besidePins(focus.value.tokens, pins), "hs-at"));
  });
  effectUntil(signal, () => {
    const { mapWidth, mapHeight } = layout.value;
    const { queries, keys } = viewport.value;
    const [pins, at] = [scene.tokens, focus.value.tokens];
    hideUnder(ticks.query, [pins.query.value, at.query], mapHeight / (queries[1] - queries[0]));
    hideUnder(ticks.key, [pins.key.value, at.key], mapWidth / (keys[1] - keys[0]));
  });
  return { query: slots.map(({ query }) => query), key: slots.map(({ key }) => key) };
}

/**
 * The visible found tokens that are a pixel or more apart. A long text may hold thousands, and names on top of each
 * other are illegible.
 */
function legible(found: readonly number[], [start, stop]: Span, pixels: number): readonly number[] {
  const least = (stop - start) / pixels;
  let before = Number.NEGATIVE_INFINITY;
  return found.filter((position) => {
    if (position + 1 <= start || position >= stop || position - before < least) return false;
    before = position;
    return true;
  });
}

/** Hides names that another token's name would partly cover. */
function hideUnder(ticks: HTMLElement, over: readonly (number | null)[], cell: number): void {
  for (const tick of ticks.querySelectorAll<HTMLElement>(".hs-tick")) {
    const position = Number(tick.dataset.query ?? tick.dataset.key);
    const isUnder = over.some((one) => one !== null && Math.abs(one - position) * cell < NAME);
    tick.style.visibility = isUnder ? "hidden" : "";
  }
}

function slot() {
  const [query, key] = [element("div", { "aria-hidden": "true" }), element("div", { "aria-hidden": "true" })];
  const fill = (axes: Axes) => {
    query.replaceChildren(...axes.query);
    key.replaceChildren(...axes.key);
  };
  return { query, key, fill };
}
