import type { ViewKind } from "../contract.gen";
import type { View } from "../core/state/context";
import { explorer } from "./explorer/explorer";
import { headView } from "./head/head-view";
import { matrixView } from "./matrix/matrix-view";
import { modelView } from "./model/model-view";
import { neuronView } from "./neuron/neuron-view";
import { textView } from "./text/text-view";

/** All views by name. For a new view, add a folder here and a line to this table. */
export const views: Record<ViewKind, View> = {
  head: headView,
  model: modelView,
  neuron: neuronView,
  matrix: matrixView,
  text: textView,
  explorer,
};
