import { type PaneKind, paneView } from "./pane";
import { textControls } from "./text-controls";
import { mountText } from "./text-pane";
import { readText } from "./text-readout";

/** The input as running text, shaded by the mean over the active heads. */
export const TEXT: PaneKind = {
  name: "Text",
  meaning: "The input as running text, shaded by what a token attends to or by what attends to it",
  hint: "Shaded by the mean attention that each token receives. Point at a token to see its own",
  mount(parent, scene, signal) {
    const text = mountText(parent, scene, signal);
    return { ...text, readout: () => readText(text, text.scene.info.value) };
  },
  controls: textControls,
  hasDirection: true,
};

export const textView = paneView("text", TEXT);
