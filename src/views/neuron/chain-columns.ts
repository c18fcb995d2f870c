import { computed, type ReadonlySignal } from "@preact/signals-core";
import { css, signedColor } from "../../core/look/colors";
import { element } from "../../dom/element";
import { densityOf } from "../../dom/size";
import { effectUntil } from "../../dom/until";
import { signedTable } from "../../draw/neuron";
import type { LineArea } from "../head/head-lines";
import type { Scene } from "../scene/scene";
import { mountChainPointing, type PointedCell } from "./chain-pointing";
import { buildRows, buildSink } from "./chain-rows";
import { followStripWidth, rowsInSight } from "./chain-sizes";
import type { ExpandedQuery, ShownChain } from "./expanded-query";
import { paintQuery, paintStrips } from "./vector-strips";

/**
 * The columns beside the tokens while a query is expanded: its vector, the keys' vectors, their products and the
 * numbers.
 */
export function mountChain(
  lines: LineArea,
  scene: Scene,
  expansion: ExpandedQuery,
  signal: AbortSignal,
): ReadonlySignal<PointedCell | null> {
  const { area, layout } = lines;
  const { shown } = expansion;
  const parts = chainParts();
  const { own, strips, rows, body, head } = parts;
  const stripWidth = followStripWidth(lines, shown, signal);
  const table = computed(() => signedTable(scene.dark.value));
  const visibleKeys = computed(() => rowsInSight(scene, lines));
  const density = densityOf(signal);

  effectUntil(signal, () => {
    const isOpen = expansion.row.value !== null;
    area.classList.toggle("hs-expanded", isOpen);
    const columns = [parts.title, parts.query, head, body];
    if (isOpen && !body.isConnected) area.append(...columns);
    if (!isOpen) for (const column of columns) column.remove();
  });
  effectUntil(signal, () => {
    area.style.setProperty("--hs-positive", css(signedColor(0.8, scene.dark.value)));
    area.style.setProperty("--hs-negative", css(signedColor(-0.8, scene.dark.value)));
  });
  effectUntil(signal, () => {
    void density.value;
    const now = shown.value;
    for (const canvas of [own, strips]) canvas.hidden = !now;
    if (!now) return rows.replaceChildren();
    const { rowHeight, queryY } = layout.value;
    own.style.top = `${(queryY[now.row] as number) - rowHeight / 2}px`;
    paintQuery(own, now, rowHeight, stripWidth.value, table.value);
    paintStrips(strips, now, visibleKeys.value, stripWidth.value, table.value);
  });
  effectUntil(signal, () => {
    const [now, description] = [shown.value, scene.description.value];
    if (!now || !description) return;
    const sink = buildSink(now);
    head.replaceChildren(...titles(now));
    rows.replaceChildren(...buildRows(now, visibleKeys.value, description.key_tokens), ...(sink ? [sink] : []));
    body.setAttribute("aria-label", `From ${description.query_tokens[now.row]} to its weights`);
    area.classList.toggle("hs-has-sink", sink !== null);
  });
  return mountChainPointing(parts, lines, scene, shown, stripWidth, signal);
}

function chainParts() {
  const own = element("canvas", { "aria-hidden": "true" });
  const strips = element("canvas", { "aria-hidden": "true" });
  const rows = element("div", { role: "list" });
  return {
    own,
    strips,
    rows,
    title: element(
      "div",
      { class: "hs-title hs-q-title", title: "The query's vector after position encoding" },
      "vector q",
    ),
    query: element("div", { class: "hs-q" }, own),
    head: element("div", { class: "hs-title hs-chain-head" }),
    body: element("div", { class: "hs-chain", tabindex: 0, role: "group" }, strips, rows),
  };
}

function titles({ columns }: ShownChain): HTMLElement[] {
  const strip = (name: string, text: string, title: string) => element("span", { class: name, title }, text);
  return [
    strip("hs-k-title", "vector k", "The key's vector after position encoding"),
    strip("hs-product-title", "q × k", "The product in each dimension"),
    ...columns.map(({ name, title, meaning, width }) => {
      const style = `width: ${width}px`;
      return element("span", { class: "hs-number", "data-step": name, title: meaning, style }, title);
    }),
  ];
}
