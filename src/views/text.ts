import { computed } from "@preact/signals-core";
import type { View } from "../core/context";
import { element } from "../dom/element";
import { aidsMenu } from "./aids";
import { attentionControl, layerControl } from "./controls";
import { headToggles } from "./head-toggles";
import { headKeys, layerKeys, mountKeys, searchKeys } from "./keys";
import { missingSentence } from "./missing";
import { mountNotice } from "./notice";
import { openRoot, tellState } from "./root";
import { mountStatusLine } from "./status-line";
import { textControls } from "./text-controls";
import { mountText } from "./text-pane";
import { readText } from "./text-readout";

export const TEXT_HINT = "Shaded by the mean attention that each token receives. Point at a token to see its own";

/** One layer: the input as running text, shaded by the mean over the active heads. */
export const textView: View = (root, context, signal) => {
  const scene = openRoot(root, "text", context, signal);
  const aids = aidsMenu(scene, signal);
  const controls = [attentionControl(scene, signal), layerControl(scene, signal), headToggles(scene, signal)];
  const toolbar = element("div", { class: "hs-toolbar" }, ...controls, ...textControls(scene, signal), aids.control);
  const body = element("div", { class: "hs-body" });
  root.append(toolbar, body);
  const text = mountText(body, scene, signal);
  const missing = computed(() => missingSentence(text.heads.value));
  mountNotice(body, text.progress, signal);
  const readout = () => {
    const told = readText(text, scene.info.value);
    return told.length > 0 ? told : [missing.value || TEXT_HINT];
  };
  mountStatusLine(root, scene, text.progress, readout, signal);
  const keys = [...layerKeys(scene, root), ...headKeys(scene), ...text.keys, ...searchKeys(aids.search)];
  mountKeys(root, toolbar, keys, signal);
  tellState(root, text.progress, text.layer, signal);
};
