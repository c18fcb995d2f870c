import { computed } from "@preact/signals-core";
import type { View } from "../core/context";
import { element } from "../dom/element";
import { aidsMenu } from "./aids";
import { attentionControl, layerControl } from "./controls";
import { headToggles } from "./head-toggles";
import { headKeys, layerKeys, mountKeys, searchKeys } from "./keys";
import { matrixControls } from "./matrix-controls";
import { mountMatrix } from "./matrix-map";
import { readMatrix } from "./matrix-readout";
import { missingSentence } from "./missing";
import { mountNotice } from "./notice";
import { openRoot, tellState } from "./root";
import { mountStatusLine } from "./status-line";

const HINT = "Point at a cell to see its weight, click to pin it";

/** One layer: each active head as a heat map, or all of them as one. */
export const matrixView: View = (root, context, signal) => {
  const scene = openRoot(root, "matrix", context, signal);
  const aids = aidsMenu(scene, signal);
  const controls = [attentionControl(scene, signal), layerControl(scene, signal), headToggles(scene, signal)];
  const toolbar = element("div", { class: "hs-toolbar" }, ...controls, ...matrixControls(scene, signal), aids.control);
  const body = element("div", { class: "hs-body" });
  root.append(toolbar, body);
  const matrix = mountMatrix(body, scene, signal);
  const missing = computed(() => missingSentence(matrix.heads.value));
  mountNotice(body, matrix.progress, signal);
  const readout = () => {
    const told = readMatrix(matrix, scene.info.value);
    return told.length > 0 ? told : [missing.value || HINT];
  };
  mountStatusLine(root, scene, matrix.progress, readout, signal);
  const keys = [...layerKeys(scene, root), ...headKeys(scene), ...matrix.keys, ...searchKeys(aids.search)];
  mountKeys(root, toolbar, keys, signal);
  tellState(root, matrix.progress, matrix.layer, signal);
};
