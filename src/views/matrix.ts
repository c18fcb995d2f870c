import { matrixControls } from "./matrix-controls";
import { mountMatrix } from "./matrix-map";
import { type PaneKind, paneView } from "./pane";

/** Each active head as a heat map, or all of them as one. */
export const MATRIX: PaneKind = {
  name: "Matrix",
  meaning: "The weights of each head as a heat map",
  hint: "Point at a cell to see its weight, click to pin it",
  mount: mountMatrix,
  controls: matrixControls,
};

export const matrixView = paneView("matrix", MATRIX);
