import type { ReadonlySignal } from "@preact/signals-core";
import type { TokenPair } from "../core/context";
import type { MatrixLayout } from "../core/matrix-layout";
import type { Span, Viewport } from "../core/viewport";
import { element } from "../dom/element";
import { effectUntil } from "../dom/until";
import { besidePins, type Focus } from "./focus";
import { type Axes, markedNames, NAME, tickNames } from "./matrix-axes";
import type { Scene } from "./scene";
import { matchesOf } from "./search";

/** The elements that hold the names of a side. Those of the maps stay the same; what they hold follows. */
export interface Names {
  readonly query: readonly HTMLElement[];
  readonly key: readonly HTMLElement[];
}

/** Keeps the names of the tokens: those that have room, and over them the found, the pinned and the pointed ones. */
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
    scene.info.value
      ? markedNames(scene.info.value, layout.value, viewport.value, tokens, kind)
      : { query: [], key: [] };
  effectUntil(signal, () => {
    if (scene.info.value) ticks.fill(tickNames(scene.info.value, layout.value, viewport.value));
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

/** Of found tokens in sight those a pixel or more apart: a long text may hold thousands, and a name over a name is none. */
function legible(found: readonly number[], [start, stop]: Span, pixels: number): readonly number[] {
  const least = (stop - start) / pixels;
  let before = Number.NEGATIVE_INFINITY;
  return found.filter((position) => {
    if (position + 1 <= start || position >= stop || position - before < least) return false;
    before = position;
    return true;
  });
}

/** Hides names of which another token's name would cover a part. */
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
