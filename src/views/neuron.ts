import { type KeyBinding, tokenKeys } from "./keys";
import { headChoice, headChoiceKeys } from "./neuron-heads";
import { mountNeurons } from "./neuron-pane";
import { type PaneKind, paneView } from "./pane";
import { readTokens } from "./readout";

/** One head: its lines, and for a token that is clicked every step from queries and keys to weights. */
export const NEURONS: PaneKind = {
  name: "Neurons",
  meaning: "How the weights of one head come from queries and keys, dimension by dimension",
  hint: "Click a query token to see how its weights come about",
  mount(parent, scene, signal) {
    const neurons = mountNeurons(parent, scene, signal);
    const readout = () => {
      const told = neurons.readout();
      return told.length > 0 ? told : readTokens(neurons, neurons.scene.info.value);
    };
    return { ...neurons, readout, keys: [...CHAIN_KEYS, ...tokenKeys(neurons.scene)] };
  },
  chooseHeads: { control: headChoice, keys: headChoiceKeys },
};

const CHAIN_KEYS: readonly KeyBinding[] = [
  { keys: "Enter", meaning: "on a query token: show how its weights come about, or hide it" },
  { keys: "↑ ↓ ← →", meaning: "on the strips: move over keys and dimensions" },
];

export const neuronView = paneView("neuron", NEURONS);
