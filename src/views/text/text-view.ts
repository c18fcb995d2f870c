import { isComposed } from "../../core/composed/composed-map";
import { formatWeight } from "../../core/look/format";
import { layerName } from "../../core/look/layer-name";
import { weightAt } from "../../core/weights/head-weights";
import { element } from "../../dom/element";
import { effectUntil } from "../../dom/until";
import { directionChoice } from "../frame/direction";
import { type PaneKind, paneView } from "../frame/pane";
import { labelled } from "../frame/toolbar-controls";
import { heatControl } from "../heat/color-controls";
import { type Scene, showsOneText } from "../scene/scene";
import { type Readout, type ReadScene, tokenName, tokenReadout } from "../tokens/readout";
import { mountText, type TextPane } from "./text-pane";

const OF_ONE_MAP =
  "Running text shows one attention at a time: choose the encoder, decoder or cross-attention to see it here.";

/** The input as running text, shaded by the mean over the active heads. */
export const TEXT: PaneKind = {
  name: "Text",
  meaning: "The input as running text, shaded by what a token attends to or by what attends to it",
  hint: () => "Shaded by the mean attention that each token receives. Point at a token to see what it attends to",
  mount(parent, scene, signal) {
    const note = element("p", { class: "hs-pane-note" }, OF_ONE_MAP);
    const body = element("div", {});
    parent.append(note, body);
    const text = mountText(body, scene, signal);
    effectUntil(signal, () => {
      note.hidden = !isComposed(scene.wholeMap.value);
      body.hidden = !note.hidden;
    });
    return { ...text, readout: () => (body.hidden ? [] : textReadout(text, text.scene)) };
  },
  isOfOneMap: true,
  controls: textControls,
  hasDirection: true,
};

export const textView = paneView("text", TEXT);

/** The controls of running text in the toolbar: the direction of the shading, and how weights become colours. */
function textControls(scene: Scene, signal: AbortSignal): HTMLElement[] {
  return [directionControl(scene, signal), heatControl(scene, signal)];
}

/**
 * Chooses whether tokens are shaded by what a token attends to or by what attends to it. Hidden if there are two texts,
 * because then the text decides.
 */
function directionControl(scene: Scene, signal: AbortSignal): HTMLElement {
  const control = labelled("Token", directionChoice(scene, signal));
  effectUntil(signal, () => {
    control.hidden = !showsOneText(scene);
  });
  return control;
}

/** What the status line says about the pointed or pinned tokens; for a pair, the mean over the heads. */
function textReadout(pane: TextPane, scene: ReadScene): Readout {
  const { query, key } = pane.focus.value.tokens;
  const heads = pane.heads.value;
  const [from, to] = [tokenName(scene, "query", query), tokenName(scene, "key", key)];
  if (query === null || key === null || !from || !to || heads.length < 2) return tokenReadout(pane, scene, "mean");
  const mean = heads.reduce((sum, { weights }) => sum + weightAt(weights, query, key), 0) / heads.length;
  const number = element("b", {}, formatWeight(mean, heads[0]?.weights.dtype));
  return [
    ...from,
    " → ",
    ...to,
    `   layer ${layerName(scene.description.value, pane.layer.value ?? 0)}, mean of ${heads.length} heads   `,
    number,
  ];
}
