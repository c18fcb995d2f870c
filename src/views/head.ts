import { computed } from "@preact/signals-core";
import type { View } from "../core/context";
import { element } from "../dom/element";
import { aidsMenu } from "./aids";
import { attentionControl, layerControl } from "./controls";
import { exportMenu } from "./export-menu";
import { headToggles } from "./head-toggles";
import { headKeys, layerKeys, mountKeys, searchKeys, tokenKeys } from "./keys";
import { mountLines } from "./lines";
import { missingSentence } from "./missing";
import { mountNotice } from "./notice";
import { readTokens } from "./readout";
import { openRoot, tellState } from "./root";
import { mountStatusLine } from "./status-line";

/** One layer: lines from query tokens to key tokens, in a colour a head. */
export const headView: View = (root, context, signal) => {
  const scene = openRoot(root, "head", context, signal);
  const aids = aidsMenu(scene, signal);
  const controls = [attentionControl(scene, signal), layerControl(scene, signal), headToggles(scene, signal)];
  const toolbar = element(
    "div",
    { class: "hs-toolbar" },
    ...controls,
    aids.control,
    exportMenu(scene, root, signal).control,
  );
  const body = element("div", { class: "hs-body" });
  root.append(toolbar, body);
  const lines = mountLines(body, scene, signal);
  const missing = computed(() => missingSentence(lines.heads.value));
  mountNotice(body, lines.progress, signal);
  mountStatusLine(
    root,
    scene,
    lines.progress,
    () => {
      const told = readTokens(lines, scene.info.value);
      return told.length > 0 ? told : [missing.value || "Point at a token to see its weights"];
    },
    signal,
  );
  const keys = [...layerKeys(scene, root), ...headKeys(scene), ...tokenKeys(scene), ...searchKeys(aids.search)];
  mountKeys(root, toolbar, keys, signal);
  tellState(root, lines.progress, lines.layer, signal);
};
