import { element } from "../../dom/element";
import { type ChainColumn, formatNumber } from "./chain-steps";
import type { ShownChain } from "./expanded-query";
import type { RowsInSight } from "./vector-strips";

/** The numbers of the visible rows, one row per key. A key that is hidden from the query has only its mask. */
export function buildRows(
  { chain, columns, keyAt }: ShownChain,
  { first, stop, top, rowHeight }: RowsInSight,
  tokens: readonly string[],
): HTMLElement[] {
  const most = chain.dots.reduce(
    (largest, dot, key) => (chain.hidden?.[key] ? largest : Math.max(largest, Math.abs(dot))),
    0,
  );
  return Array.from({ length: stop - first }, (_, index) => {
    const row = first + index;
    const key = keyAt(row);
    const isHidden = chain.hidden?.[key] === 1;
    const cells = columns.map((column) => {
      const value = column.valueAt(chain, key);
      const isBlank = isHidden && column.name !== "mask";
      return cellOf(column, isBlank ? "" : formatNumber(value), isBlank ? undefined : barOf(column, value, most));
    });
    const values = columns.map(({ title }, at) => `${title} ${cells[at]?.textContent}`).join(", ");
    const label = `${tokens[row]}: ${isHidden ? "hidden from the query" : values}`;
    const style = `top: ${top + index * rowHeight}px`;
    return element(
      "div",
      { class: "hs-chain-row", role: "listitem", "data-row": row, "aria-label": label, style },
      ...cells,
    );
  });
}

/** The score of the sink, and its share of the softmax. */
export function buildSink({ chain, columns, answer }: ShownChain): HTMLElement | null {
  const { sink } = answer.vectors.rule;
  if (sink === null || chain.sinkShare === null) return null;
  const share = chain.sinkShare;
  const cells = columns.map((column) => {
    const value = column.name === "score" ? sink : column.name === "softmax" ? share : null;
    return cellOf(
      column,
      value === null ? "" : formatNumber(value),
      value === null ? undefined : barOf(column, value, 1),
    );
  });
  const label = `Sink: score ${formatNumber(sink)}, softmax ${formatNumber(share)}`;
  const name = element(
    "span",
    { class: "hs-sink-name", title: "One more key, learned by the head, that has no value" },
    "sink",
  );
  return element("div", { class: "hs-chain-row hs-sink", role: "listitem", "aria-label": label }, name, ...cells);
}

function cellOf({ name, width }: ChainColumn, text: string, bar: string | undefined): HTMLElement {
  const style = [`width: ${width}px`, bar].filter(Boolean).join("; ");
  return element("span", { class: "hs-number", "data-step": name, style }, text);
}

function barOf(column: ChainColumn, value: number, most: number): string | undefined {
  const range = barRange(column, value, most);
  if (!range) return undefined;
  const [from, to] = range.map((part) => `${(100 * part).toFixed(2)}%`);
  const bar = column.bar === "signed" ? `; --hs-bar: var(--hs-${value > 0 ? "positive" : "negative"})` : "";
  return `--hs-from: ${from}; --hs-to: ${to}${bar}`;
}

/** The part of a cell that its bar covers, from 0 to 1; null for a cell without one. `most` is the largest value. */
export function barRange({ bar }: ChainColumn, value: number, most: number): readonly [number, number] | null {
  if (bar === "share") return [0, value];
  if (bar !== "signed" || most === 0) return null;
  const reach = value / most / 2;
  return [0.5 + Math.min(0, reach), 0.5 + Math.max(0, reach)];
}
