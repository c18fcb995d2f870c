import { type KeyBinding, tokenKeys } from "../frame/keys";
import { type PaneKind, paneView } from "../frame/pane";
import { tokenReadout } from "../tokens/readout";
import { mountNeurons } from "./neuron-pane";
import { headChoice, headChoiceKeys, headStepper } from "./single-head";

/** One head: its lines and, for a clicked token, every step from queries and keys to weights. */
export const NEURONS: PaneKind = {
  name: "Neurons",
  meaning: "How the weights of one head come from queries and keys, dimension by dimension",
  hasLines: true,
  hint: (scene) =>
    scene.description.value?.no_vectors[scene.layer.value]
      ? "Point at a token to see its weights"
      : "Click a query token to see how its weights are computed",
  mount(parent, scene, signal) {
    const neurons = mountNeurons(parent, scene, signal);
    const readout = () => {
      const ofChain = neurons.readout();
      return ofChain.length > 0 ? ofChain : tokenReadout(neurons, neurons.scene);
    };
    return { ...neurons, readout, keys: [...CHAIN_KEYS, ...tokenKeys(neurons.scene)] };
  },
  isOfOneMap: true,
  tabControls: (scene, signal) => [headStepper(scene, signal)],
  headsOf: ({ heads }) => heads.value.slice(0, 1),
  chooseHeads: { control: headChoice, keys: headChoiceKeys },
};

const CHAIN_KEYS: readonly KeyBinding[] = [
  { keys: "Enter", meaning: "on a query token: show how its weights are computed, or hide it" },
  { keys: "↑ ↓ ← →", meaning: "on the strips: move over keys and dimensions" },
];

export const neuronView = paneView("neuron", NEURONS);
