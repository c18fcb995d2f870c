import { tokenKeys } from "./keys";
import { mountLines } from "./lines";
import { type PaneKind, paneView } from "./pane";
import { readTokens } from "./readout";

/** Lines from query tokens to key tokens, in a colour a head. */
export const HEADS: PaneKind = {
  name: "Heads",
  meaning: "Lines from queries to keys, in a colour a head",
  hint: "Point at a token to see its weights",
  mount(parent, scene, signal) {
    const lines = mountLines(parent, scene, signal);
    const { scene: shown } = lines;
    return { ...lines, readout: () => readTokens(lines, shown.info.value), keys: tokenKeys(shown) };
  },
};

export const headView = paneView("head", HEADS);
