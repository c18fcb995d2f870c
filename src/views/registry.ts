import type { ViewKind } from "../contract.gen";
import type { View } from "../core/context";
import { explorer } from "./explorer";
import { headView } from "./head";
import { matrixView } from "./matrix";
import { modelView } from "./model";
import { neuronView } from "./neuron";
import { textView } from "./text";

/** Every view by its name. A new view is one file here and one line in this table. */
export const views: Record<ViewKind, View> = {
  head: headView,
  model: modelView,
  neuron: neuronView,
  matrix: matrixView,
  text: textView,
  explorer,
};
