import { computed } from "@preact/signals-core";
import type { View } from "../../core/state/context";
import { element } from "../../dom/element";
import { followRoom } from "../../dom/room";
import { widthOf } from "../../dom/size";
import { effectUntil } from "../../dom/until";
import { exportMenu } from "../export/export-menu";
import { combineProgress, READY } from "../fetch/progress";
import { aidsMenu } from "../frame/aids-menu";
import { chainControl } from "../frame/chain-control";
import { fitToolbar, movableControls } from "../frame/fit-toolbar";
import { mountHeading } from "../frame/heading";
import { layerKeys, leaveOutKeys, mountKeys, searchKeys, tokenKeys } from "../frame/keys";
import { mountNotice } from "../frame/notice";
import { openRoot, publishState } from "../frame/root";
import { idleReadout, mountStatusLine } from "../frame/status-line";
import { attentionControl } from "../frame/toolbar-controls";
import { weightsNote } from "../frame/weights-note";
import { mountWeightsTable } from "../frame/weights-table";
import { notesMenu } from "../notes/notes-menu";
import type { Gesture } from "../scene/choose-head";
import { mountLeaveOut } from "../tokens/leave-out-key";
import { tokenReadout } from "../tokens/readout";
import { tracePanel } from "../trace/trace-panel";
import { chooseInDetail, mountDetail } from "./head-detail";
import { mountThumbnailGrid } from "./thumbnail-grid";
import type { LayerHead } from "./thumbnail-pointing";
import { thumbnailReadout } from "./thumbnail-readout";

/** The width of the view before it is in a page, in CSS pixels. */
const USUAL_WIDTH = 920;
const HINT = "Point at a head to see its largest weight, click to open it";

/** Every head of every layer as a thumbnail, with the clicked head beside the grid. */
export const modelView: View = (root, context, signal) => {
  const scene = openRoot(root, "model", context, signal);
  mountHeading(root, scene, "model", scene.heads, signal);
  const aids = aidsMenu(scene, signal, { hasLines: true });
  const notes = notesMenu(scene, signal, () => grid.pointed.peek());
  const trace = tracePanel(scene, signal);
  const caption = element("div", { class: "hs-label" });
  const toolbar = element(
    "div",
    { class: "hs-toolbar" },
    attentionControl(scene, signal),
    ...aids.controls,
    trace.control,
    ...notes.controls,
    ...chainControl(scene, signal),
    exportMenu(scene, root, signal).control,
    caption,
  );
  fitToolbar(toolbar, movableControls(toolbar), signal);
  const gridPane = element("div", { class: "hs-grid-pane" });
  const detailPane = element("div", { class: "hs-detail" });
  const body = element("div", { class: "hs-body hs-split" }, gridPane, detailPane);
  root.append(toolbar, aids.bar, trace.panel, body);
  const gridOptions = {
    viewWidth: widthOf(body, USUAL_WIDTH, signal),
    detailPart: 0,
    isBeside: context.options.detail,
    open: computed(() => (context.options.detail.value ? scene.heads.value : [])),
    choose: (cell: LayerHead, gesture: Gesture) => chooseInDetail(scene, cell, gesture),
  };
  const grid = mountThumbnailGrid(gridPane, scene, gridOptions, signal);
  const detail = mountDetail(detailPane, scene, signal);
  const leaveOut = mountLeaveOut(root, () => detail.value?.scene ?? scene, signal);
  const progress = combineProgress([grid.progress, computed(() => detail.value?.progress.value ?? READY)]);
  const missing = computed(() => weightsNote(detail.value?.heads.value ?? [], detail.value?.scene ?? scene));
  effectUntil(signal, () => {
    const rows = grid.overviews.value.shape?.rows ?? [];
    const heads = Math.max(0, ...rows.map((row) => row.heads.length));
    caption.textContent = `${count(rows.length, "layer")} × ${count(heads, "head")}`;
  });
  mountNotice(body, progress, signal);
  const readout = () => {
    const tokens = detail.value ? tokenReadout(detail.value, detail.value.scene) : [];
    if (grid.pointed.value) return thumbnailReadout(grid.pointed.value, grid.overviews.value, scene);
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
    [
      ...gridKeys(),
      ...layerKeys(scene, root),
      ...tokenKeys(scene),
      ...leaveOutKeys(leaveOut),
      ...searchKeys(aids.search),
      ...notes.keys,
    ],
    signal,
  );
  const selected = computed(() => (grid.progress.value.state === "ready" ? scene.layer.value : null));
  const layer = computed(() => (detail.value ? detail.value.layer.value : selected.value));
  publishState(root, progress, layer, signal);
  followRoom(root, scene.room, signal);
};

function gridKeys() {
  return [
    { keys: "↑ ↓ ← →", meaning: "on a head: move to another" },
    { keys: "Enter", meaning: "on a head: open it alone, or close it again; with Shift: add or remove it" },
  ];
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}
