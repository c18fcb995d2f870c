import { type PaneKind, paneView } from "../frame/pane";
import { mountMatrix } from "./heat-maps";
import { matrixControls } from "./matrix-controls";

/** Each active head as a heat map, or all of them combined. */
export const MATRIX: PaneKind = {
  name: "Matrix",
  meaning: "The weights of each head as a heat map",
  hint: () => "Point at a cell to see its weight, click to pin it",
  mount: mountMatrix,
  controls: matrixControls,
};

export const matrixView = paneView("matrix", MATRIX);
