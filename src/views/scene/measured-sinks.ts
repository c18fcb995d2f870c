import { computed, untracked } from "@preact/signals-core";
import type { ExcerptRequest, MapDescription } from "../../contract.gen";
import { regionsOf } from "../../core/composed/composed-map";
import { toRanges } from "../../core/reduce/group-tokens";
import { joinedShares, sharesOf, sharesOfMeans } from "../../core/reduce/sinks";
import type { Source } from "../../core/state/source";
import { childOf, effectUntil } from "../../dom/until";
import type { Scene } from "./scene";

/** A longer map would keep the kernel busy for minutes with each layer, so only its first key counts as a sink. */
const MOST_MEASURED = 8192;

/** Measures the layer on screen while sinks are left out: from the heads in memory, or else by the source. */
export function measureSinks(scene: Scene, signal: AbortSignal): void {
  const { source } = scene.context;
  const lane = Math.random().toString(36).slice(2);
  let running: AbortController | undefined;
  const wanted = computed(() => wantedShares(scene));
  effectUntil(signal, () => {
    const next = wanted.value;
    running?.abort();
    if (!next) return;
    const turn = childOf(signal);
    running = turn;
    const take = (shares: Float64Array | null) => {
      if (!turn.signal.aborted) scene.leftOut.measured.value = { map: next.map.name, layer: next.layer, shares };
    };
    untracked(() => {
      const shares = sharesInMemory(source, next.map, next.layer);
      if (shares) take(shares);
      else void askAll(next.map, next.layer, turn.signal).then(take);
    });
  });

  async function askAll(map: MapDescription, layer: number, until: AbortSignal) {
    const found: { keyAt: number; shares: Float64Array }[] = [];
    for (const { map: part, keyAt } of measuredMaps(scene, map, layer)) {
      const shares = await ask(part, layer, until);
      if (shares) found.push({ keyAt, shares });
    }
    return found.length > 0 ? joinedShares(found, map.key_tokens.length) : null;
  }

  async function ask(map: MapDescription, layer: number, until: AbortSignal) {
    const all = headsIn(map, layer);
    for (const heads of [all, scene.heads.peek().filter((head) => head < all.length)]) {
      try {
        const found = await source.excerpt(meansRequest(map, layer, heads), lane, until);
        return sharesOfMeans(found, map.query_tokens.length);
      } catch {
        // A snapshot holds only the heads that were on screen. If nothing can be measured, the first key stands in.
      }
    }
    return null;
  }
}

/** The layer whose sinks are to be measured; null while they stay, or if that would take too long. */
export function wantedShares(scene: Scene): { readonly map: MapDescription; readonly layer: number } | null {
  const map = scene.wholeMap.value;
  if (!map || !scene.context.options.aids.hideSink.value || map.key_tokens.length > MOST_MEASURED) return null;
  return { map, layer: scene.layer.value };
}

/** The maps in which keys are measured, and where their keys begin: the map itself, or those of the picture of all. */
export function measuredMaps(
  { context }: Pick<Scene, "context">,
  map: MapDescription,
  layer: number,
): readonly { readonly map: MapDescription; readonly keyAt: number }[] {
  if (!map.parts) return [{ map, keyAt: 0 }];
  return map.parts.flatMap(({ name, keys }) => {
    const part = context.maps.peek().find((one) => one.name === name);
    return part && layer < part.num_layers ? [{ map: part, keyAt: keys[0] as number }] : [];
  });
}

export function headsIn(map: MapDescription, layer: number): number[] {
  return [...Array(map.num_heads[layer] ?? 0).keys()];
}

/** From whole heads of a short map, if all of them are in memory. */
function sharesInMemory(source: Source, map: MapDescription, layer: number): Float64Array | null {
  const heads = headsIn(map, layer);
  const found = heads.flatMap((head) => source.peek("block", map.name, layer, head) ?? []);
  return found.length === heads.length && found.length > 0 ? sharesOf(found, regionsOf(map)) : null;
}

/** The weights of each key: of the first query, which shows whether the map is causal, and the mean of all others. */
export function meansRequest(map: MapDescription, layer: number, heads: number[]): ExcerptRequest {
  const count = map.query_tokens.length;
  const queries =
    count > 1
      ? [
          [0, 1],
          [1, count],
        ]
      : [[0, 1]];
  return { map: map.name, layer, heads, queries, keys: map.key_tokens.map((_, key) => toRanges([key])), without: [] };
}
