import { tokenKeys } from "../frame/keys";
import { type PaneKind, paneView } from "../frame/pane";
import { tokenReadout } from "../tokens/readout";
import { mountLines } from "./head-lines";

/** Lines from query tokens to key tokens, one colour per head. */
export const HEADS: PaneKind = {
  name: "Heads",
  meaning: "Lines from queries to keys, one colour per head",
  hasLines: true,
  hint: () => "Point at a token to see its weights",
  mount(parent, scene, signal) {
    const lines = mountLines(parent, scene, signal);
    const { scene: shown } = lines;
    return { ...lines, readout: () => tokenReadout(lines, shown), keys: tokenKeys(shown) };
  },
};

export const headView = paneView("head", HEADS);
