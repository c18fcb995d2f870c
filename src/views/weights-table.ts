import { computed, signal as signalOf } from "@preact/signals-core";
import { weightAt } from "../core/head-weights";
import { formatWeight } from "../core/numbers";
import { element } from "../dom/element";
import { effectUntil } from "../dom/until";
import type { LayerPicture } from "./layer-picture";
import type { Scene } from "./scene";
import type { ShownHead } from "./shown-heads";

/** Longer tables are read no more. */
const MOST_ROWS = 200;

/**
 * The same weights as a table, for those who read a screen rather than look at it: it is seen when it has the focus.
 * With a query pinned it has a row for each key, else one for each query, with the key that it attends to most.
 */
export function mountTable(
  parent: HTMLElement,
  scene: Scene,
  pane: Pick<LayerPicture, "heads">,
  signal: AbortSignal,
): void {
  const isOpen = signalOf(false);
  const body = element("div", {});
  const details = element("details", { class: "hs-table" }, element("summary", {}, "Weights as a table"), body);
  parent.append(details);
  details.addEventListener(
    "toggle",
    () => {
      isOpen.value = details.open;
    },
    { signal },
  );
  const rows = computed(() => (isOpen.value ? rowsOf(scene, pane.heads.value) : []));
  effectUntil(signal, () => {
    const [head, ...others] = rows.value;
    const cells = (row: readonly string[], tag: "td" | "th") =>
      element("tr", {}, ...row.map((text) => element(tag, {}, text)));
    body.replaceChildren(
      ...(head ? [element("table", {}, cells(head, "th"), ...others.map((row) => cells(row, "td")))] : []),
    );
  });
}

function rowsOf({ info, tokens, ranges }: Scene, heads: readonly ShownHead[]): string[][] {
  const map = info.value;
  if (!map || heads.length === 0) return [];
  const { queries, keys } = ranges.value;
  const pinned = tokens.query.value;
  const names = heads.map(({ head }) => `head ${head}`);
  const told = (query: number, key: number) =>
    heads.map(({ weights }) => formatWeight(weightAt(weights, query, key), weights.dtype));
  if (pinned !== null) {
    const from = map.query_tokens[pinned] ?? "";
    return [
      [`${from.trim()} attends to`, ...names],
      ...listed(keys, (key) => [map.key_tokens[key] ?? "", ...told(pinned, key)]),
    ];
  }
  const most = (query: number) => {
    const mean = (key: number) => heads.reduce((sum, { weights }) => sum + (weightAt(weights, query, key) || 0), 0);
    let best = keys[0];
    for (let key = keys[0]; key < keys[1]; key++) if (mean(key) > mean(best)) best = key;
    return best;
  };
  const row = (query: number) => [
    map.query_tokens[query] ?? "",
    map.key_tokens[most(query)] ?? "",
    ...told(query, most(query)),
  ];
  return [["query", "attends most to", ...names], ...listed(queries, row)];
}

function listed([start, stop]: readonly [number, number], row: (position: number) => string[]): string[][] {
  return Array.from({ length: Math.min(MOST_ROWS, stop - start) }, (_, index) => row(start + index));
}
