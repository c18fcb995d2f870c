import { computed, signal as signalOf } from "@preact/signals-core";
import type { ViewKind } from "../../contract.gen";
import { formatWeight } from "../../core/look/format";
import { sideLookedFrom } from "../../core/state/side";
import { weightAt } from "../../core/weights/head-weights";
import { download } from "../../dom/download";
import { element } from "../../dom/element";
import { focusInSight } from "../../dom/focus";
import { effectUntil } from "../../dom/until";
import { fileName } from "../export/file-name";
import type { LayerPicture } from "../scene/layer-picture";
import type { Scene } from "../scene/scene";
import type { ShownHead } from "../scene/shown-heads";

/** The most rows: nobody reads a longer table. */
const MAX_ROWS = 200;

/**
 * The same weights as a table, which Export opens; its summary appears with the focus. It can be saved as CSV. If a
 * query is pinned, it has a row for each key; otherwise a row for each query with the key that it attends to most. If
 * tokens are read by what attends to them, queries and keys swap roles.
 */
export function mountWeightsTable(
  parent: HTMLElement,
  sceneOf: () => Scene,
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
  effectUntil(signal, () => {
    details.hidden = pane.heads.value.length === 0;
  });
  const rows = computed(() => (isOpen.value ? tableRows(sceneOf(), pane.heads.value) : []));
  effectUntil(signal, () => {
    const [head, ...others] = rows.value;
    const cells = (row: readonly string[], tag: "td" | "th") =>
      element("tr", {}, ...row.map((text) => element(tag, {}, text)));
    const table = head ? [element("table", {}, cells(head, "th"), ...others.map((row) => cells(row, "td")))] : [];
    body.replaceChildren(...table);
  });
  const save = element("button", { type: "button", class: "hs-button" }, "Save as CSV");
  details.append(save);
  save.addEventListener(
    "click",
    () => {
      const text = csvOf(tableRows(sceneOf(), pane.heads.value, true));
      const view = parent.dataset.view as ViewKind;
      download(new Blob([text], { type: "text/csv" }), fileName(sceneOf(), view, "csv"));
    },
    { signal },
  );
}

/** Opens the table of a view and brings it into sight; false if the view shows no head. */
export function openWeightsTable(root: HTMLElement): boolean {
  const details = root.querySelector<HTMLDetailsElement>(".hs-table");
  if (!details || details.hidden) return false;
  details.open = true;
  const summary = details.querySelector("summary");
  if (summary) focusInSight(summary);
  return true;
}

/** A number that spreadsheets read, with the digits that the page has; empty for a missing weight. */
function plainNumber(weight: number): string {
  return Number.isNaN(weight) ? "" : String(Number(weight.toPrecision(4)));
}

/** Rows in the format of RFC 4180. */
export function csvOf(rows: readonly (readonly string[])[]): string {
  const cell = (text: string) => (/[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

function tableRows(
  { description, tokens, ranges, context }: Scene,
  heads: readonly ShownHead[],
  isForFile = false,
): string[][] {
  const map = description.value;
  if (!map || heads.length === 0) return [];
  const from = sideLookedFrom(context.options.aids);
  const sides = {
    query: { texts: map.query_tokens, range: ranges.value.queries },
    key: { texts: map.key_tokens, range: ranges.value.keys },
  };
  const [own, other] = from === "query" ? [sides.query, sides.key] : [sides.key, sides.query];
  const weights = (at: number, beside: number) =>
    heads.map(({ weights }) => (from === "query" ? weightAt(weights, at, beside) : weightAt(weights, beside, at)));
  const weightTexts = (at: number, beside: number) =>
    weights(at, beside).map((weight, index) =>
      isForFile ? plainNumber(weight) : formatWeight(weight, heads[index]?.weights.dtype),
    );
  const most = isForFile ? Number.POSITIVE_INFINITY : MAX_ROWS;
  const names = heads.map(({ head }) => `head ${head}`);
  const pinned = tokens[from].value;
  if (pinned !== null) {
    const title = `${own.texts[pinned]?.trim()} ${from === "query" ? "attends to" : "is attended to by"}`;
    return [
      [title, ...names],
      ...listed(other.range, (at) => [other.texts[at] ?? "", ...weightTexts(pinned, at)], most),
    ];
  }
  const strongest = (at: number) => {
    const sum = (beside: number) => weights(at, beside).reduce((total, weight) => total + (weight || 0), 0);
    let best = other.range[0];
    for (let beside = best; beside < other.range[1]; beside++) if (sum(beside) > sum(best)) best = beside;
    return best;
  };
  const row = (at: number) => {
    const best = strongest(at);
    return [own.texts[at] ?? "", other.texts[best] ?? "", ...weightTexts(at, best)];
  };
  return [
    [from, from === "query" ? "attends most to" : "is attended most by", ...names],
    ...listed(own.range, row, most),
  ];
}

function listed(
  [start, stop]: readonly [number, number],
  row: (position: number) => string[],
  most: number,
): string[][] {
  const rows = Array.from({ length: Math.min(most, stop - start) }, (_, index) => row(start + index));
  const more = stop - start - rows.length;
  return more > 0 ? [...rows, [`and ${more} more, which are not listed`]] : rows;
}
