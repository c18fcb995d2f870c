import { computed, type ReadonlySignal, signal as signalOf } from "@preact/signals-core";
import { css, signedColor } from "../core/colors";
import { element } from "../dom/element";
import { densityOf, widthOf } from "../dom/size";
import { effectUntil } from "../dom/until";
import { signedTable } from "../draw/neuron";
import type { LineArea } from "./lines";
import { mountCells, type PointedCell } from "./neuron-cells";
import { buildRows, buildSink } from "./neuron-rows";
import type { Expansion, ShownChain } from "./neuron-state";
import { paintQuery, paintStrips, type RowsInSight, STRIP_GAP } from "./neuron-strips";
import type { Scene } from "./scene";

/** What the titles above the rows take, in CSS pixels. */
const TITLES = 24;
/** Strips get no narrower and no wider than this, in CSS pixels; and never less than a pixel a dimension. */
const [LEAST, MOST] = [72, 192];
/** What the connectors and all gaps take. */
const BETWEEN = 84;

/** The columns beside the tokens while a query is expanded: its vector, the keys', their products and the numbers. */
export function mountChain(
  lines: LineArea,
  scene: Scene,
  expansion: Expansion,
  signal: AbortSignal,
): ReadonlySignal<PointedCell | null> {
  const { area, box, layout } = lines;
  const { shown } = expansion;
  const own = element("canvas", { "aria-hidden": "true" });
  const query = element("div", { class: "hs-q" }, own);
  const strips = element("canvas", { "aria-hidden": "true" });
  const rows = element("div", { class: "hs-chain-rows", role: "list" });
  const body = element("div", { class: "hs-chain", tabindex: 0, role: "group" }, strips, rows);
  const queryTitle = element("div", { class: "hs-title hs-q-title" }, "query q");
  const head = element("div", { class: "hs-title hs-chain-head" });
  const parts = [queryTitle, query, head, body];
  const table = computed(() => signedTable(scene.dark.value));
  const density = densityOf(signal);
  const room = widthOf(box, 900, signal);
  const stripWidth = signalOf(MOST);
  const sight = computed(() => rowsInSight(scene, lines));

  effectUntil(signal, () => {
    const isOpen = expansion.row.value !== null;
    area.classList.toggle("hs-expanded", isOpen);
    if (isOpen && !body.isConnected) area.append(...parts);
    if (!isOpen) for (const part of parts) part.remove();
  });
  effectUntil(signal, () => {
    for (const [name, sign] of [
      ["positive", 1],
      ["negative", -1],
    ] as const) {
      area.style.setProperty(`--hs-${name}`, css(signedColor(0.8 * sign, scene.dark.value)));
    }
  });
  effectUntil(signal, () => {
    const now = shown.value;
    if (!now) return;
    const numbers = now.columns.map(({ width }) => `${width}px`).join(" ");
    const tokens = [...area.querySelectorAll<HTMLElement>(".hs-tokens")].reduce(
      (sum, list) => sum + list.offsetWidth,
      0,
    );
    const taken = tokens + now.columns.reduce((sum, { width }) => sum + width, BETWEEN);
    const { headDim } = now.answer.vectors;
    stripWidth.value = Math.max(
      headDim,
      Math.min(MOST, 8 * headDim, Math.max(LEAST, Math.floor((room.value - taken) / 3))),
    );
    area.style.setProperty("--hs-strip", `${stripWidth.value}px`);
    area.style.setProperty("--hs-steps", `${stripWidth.value + STRIP_GAP}px ${stripWidth.value}px ${numbers}`);
    head.replaceChildren(...titles(now));
  });
  effectUntil(signal, () => {
    void density.value;
    const now = shown.value;
    const { rowHeight, queryY } = layout.value;
    for (const canvas of [own, strips]) canvas.hidden = !now;
    if (!now) return rows.replaceChildren();
    own.style.top = `${(queryY[now.row] as number) - rowHeight / 2}px`;
    paintQuery(own, now, rowHeight, stripWidth.value, table.value);
    paintStrips(strips, now, sight.value, stripWidth.value, table.value);
    const tokens = scene.info.value?.key_tokens ?? [];
    const sink = buildSink(now);
    rows.replaceChildren(...buildRows(now, sight.value, tokens), ...(sink ? [sink] : []));
    body.setAttribute("aria-label", `From ${scene.info.value?.query_tokens[now.row]} to its weights`);
    area.classList.toggle("hs-has-sink", sink !== null);
  });
  return mountCells({ query, body, rows }, lines, scene, shown, stripWidth, signal);
}

function titles({ columns }: ShownChain): HTMLElement[] {
  const strip = (text: string, title: string) => element("span", { title }, text);
  return [
    strip("key k", "The key's vector after position encoding"),
    strip("q × k", "The product in each dimension"),
    ...columns.map(({ title, meaning }) => element("span", { class: "hs-number", title: meaning }, title)),
  ];
}

/** The rows of keys that are seen, and a few around them. */
function rowsInSight(scene: Scene, { seen, layout }: LineArea): RowsInSight {
  const { rowHeight, height } = layout.value;
  const [start, stop] = scene.ranges.value.keys;
  const { top, height: extent } = seen.value;
  const shown = Math.max(0, stop - start);
  const from = Math.max(0, Math.floor((top - TITLES) / rowHeight) - 3);
  const to = Math.min(shown, Math.ceil((top + (extent || height)) / rowHeight) + 3);
  const first = Math.min(from, to);
  return { first: start + first, stop: start + to, top: first * rowHeight, rowHeight };
}
