import { computed } from "@preact/signals-core";
import type { View } from "../core/context";
import { element, setAttribute } from "../dom/element";
import { effectUntil } from "../dom/until";
import { aidsMenu } from "./aids";
import { attentionControl, layerControl } from "./controls";
import { type KeyBinding, layerKeys, mountKeys, searchKeys, tokenKeys } from "./keys";
import { missingSentence } from "./missing";
import { headChoice, headChoiceKeys } from "./neuron-heads";
import { mountNeurons } from "./neuron-pane";
import { mountNotice } from "./notice";
import { readTokens } from "./readout";
import { openRoot, tellState } from "./root";
import { mountStatusLine } from "./status-line";

/** One head: its lines, and for a token that is clicked every step from queries and keys to weights. */
export const neuronView: View = (root, context, signal) => {
  const scene = openRoot(root, "neuron", context, signal);
  const aids = aidsMenu(scene, signal);
  const controls = [attentionControl(scene, signal), layerControl(scene, signal), headChoice(scene, signal)];
  const toolbar = element("div", { class: "hs-toolbar" }, ...controls, aids.control);
  const body = element("div", { class: "hs-body" });
  root.append(toolbar, body);
  const neurons = mountNeurons(body, scene, signal);
  const missing = computed(() => missingSentence(neurons.heads.value));
  effectUntil(signal, () => setAttribute(root, "data-expanded", neurons.expanded.value ?? undefined));
  mountNotice(body, neurons.progress, signal);
  mountStatusLine(
    root,
    scene,
    neurons.progress,
    () => {
      const chain = neurons.readout();
      const told = chain.length > 0 ? chain : readTokens(neurons, scene.info.value);
      return told.length > 0 ? told : [missing.value || "Click a query token to see how its weights come about"];
    },
    signal,
  );
  const keys = [...layerKeys(scene, root), ...headChoiceKeys(scene), ...chainKeys(), ...tokenKeys(scene)];
  mountKeys(root, toolbar, [...keys, ...searchKeys(aids.search)], signal);
  tellState(root, neurons.progress, neurons.layer, signal);
};

function chainKeys(): readonly KeyBinding[] {
  return [
    { keys: "Enter", meaning: "on a query token: show how its weights come about, or hide it" },
    { keys: "↑ ↓ ← →", meaning: "on the strips: move over keys and dimensions" },
  ];
}
