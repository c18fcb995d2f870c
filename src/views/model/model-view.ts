import { computed } from "@preact/signals-core";
import type { View } from "../../core/state/context";
import { element } from "../../dom/element";
import { widthOf } from "../../dom/size";
import { effectUntil } from "../../dom/until";
import { exportMenu } from "../export/export-menu";
import { combineProgress, READY } from "../fetch/progress";
import { aidsMenu } from "../frame/aids-menu";
import { layerKeys, mountKeys, searchKeys, tokenKeys } from "../frame/keys";
import { mountNotice } from "../frame/notice";
import { openRoot, publishState } from "../frame/root";
import { idleReadout, mountStatusLine } from "../frame/status-line";
import { attentionControl } from "../frame/toolbar-controls";
import { weightsNote } from "../frame/weights-note";
import { mountWeightsTable } from "../frame/weights-table";
import { tokenReadout } from "../tokens/readout";
import { mountDetail, toggleDetail } from "./head-detail";
import { mountThumbnailGrid } from "./thumbnail-grid";
import type { LayerHead } from "./thumbnail-pointing";
import { thumbnailReadout } from "./thumbnail-readout";

/** The width of the view before it is in a page, in CSS pixels. */
const USUAL_WIDTH = 920;
const HINT = "Point at a head to see its largest weight, click to open it";

/** Every head of every layer as a thumbnail, with the clicked head beside the grid. */
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
    choose: (cell: LayerHead) => toggleDetail(scene, cell),
  };
  const grid = mountThumbnailGrid(gridPane, scene, gridOptions, signal);
  const detail = mountDetail(detailPane, scene, signal);
  const progress = combineProgress([grid.progress, computed(() => detail.value?.progress.value ?? READY)]);
  const missing = computed(() => weightsNote(detail.value?.heads.value ?? []));
  effectUntil(signal, () => {
    const rows = grid.overviews.value.shape?.rows ?? [];
    const heads = Math.max(0, ...rows.map((row) => row.heads.length));
    caption.textContent = `${count(rows.length, "layer")} × ${count(heads, "head")}`;
  });
  mountNotice(body, progress, signal);
  const readout = () => {
    const tokens = detail.value ? tokenReadout(detail.value, detail.value.scene.description.value) : [];
    if (grid.pointed.value) return thumbnailReadout(grid.pointed.value, grid.overviews.value, scene.description.value);
    return tokens.length > 0 ? tokens : idleReadout(scene, missing.value, HINT);
  };
  mountStatusLine(root, scene, progress, readout, signal);
  mountWeightsTable(
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
  publishState(root, progress, layer, signal);
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
