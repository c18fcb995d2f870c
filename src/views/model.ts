import { computed } from "@preact/signals-core";
import type { View } from "../core/context";
import { element } from "../dom/element";
import { widthOf } from "../dom/size";
import { effectUntil } from "../dom/until";
import { aidsMenu } from "./aids";
import { attentionControl } from "./controls";
import { mountDetail, toggleDetail } from "./detail";
import { exportMenu } from "./export-menu";
import { mountGrid } from "./grid";
import type { Cell } from "./grid-keys";
import { readCell } from "./grid-readout";
import { layerKeys, mountKeys, searchKeys, tokenKeys } from "./keys";
import { missingSentence } from "./missing";
import { mountNotice } from "./notice";
import { READY, together } from "./progress";
import { readTokens } from "./readout";
import { openRoot, tellState } from "./root";
import { mountStatusLine, restingWords } from "./status-line";
import { mountTable } from "./weights-table";

/** The width of the view while it stands in no page, in CSS pixels. */
const USUAL_WIDTH = 920;
const HINT = "Point at a head to see its largest weight, click to open it";

/** Every head of every layer as a thumbnail, and beside them the head that was clicked. */
export const modelView: View = (root, context, signal) => {
  const scene = openRoot(root, "model", context, signal);
  const aids = aidsMenu(scene, signal);
  const caption = element("div", { class: "hs-label" });
  const toolbar = element(
    "div",
    { class: "hs-toolbar" },
    attentionControl(scene, signal),
    aids.control,
    exportMenu(scene, root, signal).control,
    caption,
  );
  const gridPane = element("div", { class: "hs-grid-pane" });
  const detailPane = element("div", { class: "hs-detail" });
  const body = element("div", { class: "hs-body hs-split" }, gridPane, detailPane);
  root.append(toolbar, body);
  const gridOptions = {
    viewWidth: widthOf(body, USUAL_WIDTH, signal),
    detailPart: 0,
    isOpen: context.options.detail,
    choose: (cell: Cell) => toggleDetail(scene, cell),
  };
  const grid = mountGrid(gridPane, scene, gridOptions, signal);
  const detail = mountDetail(detailPane, scene, signal);
  const progress = together([grid.progress, computed(() => detail.value?.progress.value ?? READY)]);
  const missing = computed(() => missingSentence(detail.value?.heads.value ?? []));
  effectUntil(signal, () => {
    const rows = grid.overviews.value.shape?.rows ?? [];
    const heads = Math.max(0, ...rows.map((row) => row.heads.length));
    caption.textContent = `${count(rows.length, "layer")} × ${count(heads, "head")}`;
  });
  mountNotice(body, progress, signal);
  const readout = () => {
    const tokens = detail.value ? readTokens(detail.value, detail.value.scene.info.value) : [];
    if (grid.pointed.value) return readCell(grid.pointed.value, grid.overviews.value, scene.info.value);
    return tokens.length > 0 ? tokens : restingWords(scene, missing.value, HINT);
  };
  mountStatusLine(root, scene, progress, readout, signal);
  mountTable(
    root,
    () => detail.value?.scene ?? scene,
    { heads: computed(() => detail.value?.heads.value ?? []) },
    signal,
  );
  mountKeys(
    root,
    toolbar,
    [...gridKeys(), ...layerKeys(scene, root), ...tokenKeys(scene), ...searchKeys(aids.search)],
    signal,
  );
  const selected = computed(() => (grid.progress.value.state === "ready" ? scene.layer.value : null));
  const layer = computed(() => (detail.value ? detail.value.layer.value : selected.value));
  tellState(root, progress, layer, signal);
};

function gridKeys() {
  return [
    { keys: "↑ ↓ ← →", meaning: "on a head: move to another" },
    { keys: "Enter", meaning: "on a head: open it, or close it again" },
  ];
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}
