import { computed } from "@preact/signals-core";
import type { View } from "../../core/state/context";
import { element, setAttribute } from "../../dom/element";
import { followRoom } from "../../dom/room";
import { widthOf } from "../../dom/size";
import { effectUntil } from "../../dom/until";
import { exportMenu } from "../export/export-menu";
import { combineProgress, PENDING } from "../fetch/progress";
import { aidsMenu } from "../frame/aids-menu";
import { chainControl } from "../frame/chain-control";
import { fitToolbar, movableControls } from "../frame/fit-toolbar";
import { headToggles } from "../frame/head-toggles";
import { mountHeading } from "../frame/heading";
import { headKeys, layerKeys, leaveOutKeys, mountKeys, searchKeys } from "../frame/keys";
import { mountNotice } from "../frame/notice";
import { openRoot, publishState } from "../frame/root";
import { idleReadout, mountStatusLine } from "../frame/status-line";
import { attentionControl, layerControl } from "../frame/toolbar-controls";
import { weightsNote } from "../frame/weights-note";
import { mountWeightsTable } from "../frame/weights-table";
import { mountThumbnailGrid } from "../model/thumbnail-grid";
import type { LayerHead } from "../model/thumbnail-pointing";
import { thumbnailReadout } from "../model/thumbnail-readout";
import { notesMenu } from "../notes/notes-menu";
import { type Gesture, openHead } from "../scene/choose-head";
import { mountLeaveOut } from "../tokens/leave-out-key";
import { tracePanel } from "../trace/trace-panel";
import { headsInPane, mountPanes } from "./panes";

/** The width of the view before it is in a page, in CSS pixels. */
const USUAL_WIDTH = 920;
const HINT = "Click a head to see it alone, point at a token to see its weights";

/**
 * Every head as a thumbnail. Beside the grid, a pane shows the chosen heads as lines, as a heat map, by neuron or on
 * the text.
 */
export const explorer: View = (root, context, signal) => {
  const scene = openRoot(root, "explorer", context, signal);
  const inPane = computed(() => headsInPane(scene));
  mountHeading(root, scene, "explorer", inPane, signal);
  const aids = aidsMenu(scene, signal, { hasLines: true });
  const notes = notesMenu(scene, signal, () => grid.pointed.peek());
  const trace = tracePanel(scene, signal);
  const controls = [attentionControl(scene, signal), layerControl(scene, signal), headToggles(scene, signal, inPane)];
  const menus = [
    ...aids.controls,
    trace.control,
    ...notes.controls,
    ...chainControl(scene, signal),
    exportMenu(scene, root, signal).control,
  ];
  const toolbar = element("div", { class: "hs-toolbar" }, ...controls, ...menus);
  fitToolbar(toolbar, movableControls(toolbar), signal);
  const gridPane = element("div", { class: "hs-grid-pane" });
  const detail = element("div", { class: "hs-detail" });
  const body = element("div", { class: "hs-body hs-split" }, gridPane, detail);
  root.append(toolbar, aids.bar, trace.panel, body);
  const gridOptions = {
    viewWidth: widthOf(body, USUAL_WIDTH, signal),
    detailPart: 0.56,
    isBeside: computed(() => true),
    open: inPane,
    choose: (cell: LayerHead, gesture: Gesture) => openHead(scene, cell.layer, cell.head, gesture),
  };
  const grid = mountThumbnailGrid(gridPane, scene, gridOptions, signal);
  const pane = mountPanes(detail, scene, signal);
  const leaveOut = mountLeaveOut(root, () => pane.value?.scene ?? scene, signal);
  const progress = combineProgress([grid.progress, computed(() => pane.value?.progress.value ?? PENDING)]);
  mountNotice(body, progress, signal);
  const readout = () => {
    if (grid.pointed.value) return thumbnailReadout(grid.pointed.value, grid.overviews.value, scene);
    const ofPane = pane.value?.readout() ?? [];
    return ofPane.length > 0
      ? ofPane
      : idleReadout(scene, weightsNote(pane.value?.heads.value ?? [], pane.value?.scene ?? scene), HINT);
  };
  mountStatusLine(root, scene, progress, readout, signal);
  mountWeightsTable(
    root,
    () => pane.value?.scene ?? scene,
    { heads: computed(() => pane.value?.heads.value ?? []) },
    signal,
  );
  const common = [
    ...layerKeys(scene, root),
    ...headKeys(scene),
    ...leaveOutKeys(leaveOut),
    ...searchKeys(aids.search),
    ...notes.keys,
  ];
  const keys = () => [...(pane.value?.keys ?? []), ...common];
  mountKeys(root, toolbar, keys, signal);
  effectUntil(signal, () => setAttribute(root, "data-beyond", pane.value?.isPartial.value ? "pending" : undefined));
  effectUntil(signal, () => setAttribute(root, "data-expanded", pane.value?.expanded?.value ?? undefined));
  const layer = computed(() => pane.value?.layer.value ?? null);
  publishState(root, progress, layer, signal);
  followRoom(root, scene.room, signal);
};
