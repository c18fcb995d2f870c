import { computed } from "@preact/signals-core";
import type { View } from "../core/context";
import { element, setAttribute } from "../dom/element";
import { widthOf } from "../dom/size";
import { effectUntil } from "../dom/until";
import { openHead } from "./actions";
import { aidsMenu } from "./aids";
import { attentionControl, layerControl } from "./controls";
import { exportMenu } from "./export-menu";
import { mountGrid } from "./grid";
import { readCell } from "./grid-readout";
import { headToggles } from "./head-toggles";
import { headKeys, layerKeys, mountKeys, searchKeys } from "./keys";
import { missingSentence } from "./missing";
import { mountNotice } from "./notice";
import { mountPanes } from "./panes";
import { PENDING, together } from "./progress";
import { openRoot, tellState } from "./root";
import { mountStatusLine, restingWords } from "./status-line";
import { mountTable } from "./weights-table";

/** The width of the view while it stands in no page, in CSS pixels. */
const USUAL_WIDTH = 920;
const HINT = "Click a head to see it alone, point at a token to see its weights";

/** Every head as a thumbnail, and beside the grid the chosen ones as lines, as a heat map, by neuron or on the text. */
export const explorer: View = (root, context, signal) => {
  const scene = openRoot(root, "explorer", context, signal);
  const aids = aidsMenu(scene, signal);
  const controls = [attentionControl(scene, signal), layerControl(scene, signal), headToggles(scene, signal)];
  const menus = [aids.control, exportMenu(scene, root, signal).control];
  const toolbar = element("div", { class: "hs-toolbar" }, ...controls, ...menus);
  const gridPane = element("div", { class: "hs-grid-pane" });
  const detail = element("div", { class: "hs-detail" });
  const body = element("div", { class: "hs-body hs-split" }, gridPane, detail);
  root.append(toolbar, body);
  const gridOptions = {
    viewWidth: widthOf(body, USUAL_WIDTH, signal),
    detailPart: 0.56,
    isOpen: computed(() => true),
    choose: (cell: { layer: number; head: number }) => openHead(scene, cell.layer, cell.head),
  };
  const grid = mountGrid(gridPane, scene, gridOptions, signal);
  const pane = mountPanes(detail, scene, signal);
  const progress = together([grid.progress, computed(() => pane.value?.progress.value ?? PENDING)]);
  mountNotice(body, progress, signal);
  const readout = () => {
    if (grid.pointed.value) return readCell(grid.pointed.value, grid.overviews.value, scene.info.value);
    const told = pane.value?.readout() ?? [];
    return told.length > 0 ? told : restingWords(scene, missingSentence(pane.value?.heads.value ?? []), HINT);
  };
  mountStatusLine(root, scene, progress, readout, signal);
  mountTable(root, () => pane.value?.scene ?? scene, { heads: computed(() => pane.value?.heads.value ?? []) }, signal);
  const common = [...layerKeys(scene, root), ...headKeys(scene), ...searchKeys(aids.search)];
  const keys = () => [...(pane.value?.keys ?? []), ...common];
  mountKeys(root, toolbar, keys, signal);
  effectUntil(signal, () => setAttribute(root, "data-beyond", pane.value?.isPartial.value ? "pending" : undefined));
  effectUntil(signal, () => setAttribute(root, "data-expanded", pane.value?.expanded?.value ?? undefined));
  const layer = computed(() => pane.value?.layer.value ?? null);
  tellState(root, progress, layer, signal);
};
