import type { Tab, ViewKind } from "../contract.gen";
import { joinedShares, sharesOfMeans } from "../core/reduce/sinks";
import { headsIn, meansRequest, measuredMaps, wantedShares } from "../views/scene/measured-sinks";
import type { Scene } from "../views/scene/scene";
import { type FigureFile, framed, roomOf, wordsAbove } from "./frame";
import type { HeldWeights } from "./held";
import { type MarkedPart, movedBy } from "./paper/marks";
import { type Style, styleOf } from "./paper/style";
import { drawHead } from "./parts/head";
import { drawMatrix } from "./parts/matrix";
import { drawModel } from "./parts/model";
import { drawNeuron } from "./parts/neuron";
import type { DrawPanel } from "./parts/panel";
import { drawText } from "./parts/text";
import { sceneOf } from "./scenes";
import type { FigureCapture, FigureSpec } from "./spec";
import { type PanelWords, panelWords } from "./words";

/** The width that a panel may take in a figure without a given width. */
const USUAL_ROOM = 900;
const GAP = 20;
/** The gap below a panel's label. */
const GAP_BELOW = 2;
/** The least width of a panel with a label, so that the label stays in few lines. */
const NARROWEST = 200;

const TABS: Readonly<Record<Tab, DrawPanel>> = {
  heads: drawHead,
  matrix: drawMatrix,
  neurons: drawNeuron,
  text: drawText,
};

/** The explorer's open tab: a figure shows one thing. */
const drawTab: DrawPanel = (inputs) => TABS[inputs.scene.context.options.tab.value](inputs);

const PANELS: Readonly<Record<ViewKind, DrawPanel>> = {
  head: drawHead,
  model: drawModel,
  matrix: drawMatrix,
  neuron: drawNeuron,
  text: drawText,
  explorer: drawTab,
};

/** Draws a figure; null while weights are missing, which are then among `held.needs`. */
export function drawFigure(spec: FigureSpec, held: HeldWeights): FigureFile | null {
  const { panels, captures, look } = spec;
  const style = styleOf(look);
  const columns = Math.min(panels.length, look.columns ?? Number.POSITIVE_INFINITY);
  const whole = roomOf(look);
  const room = ((whole ?? (columns > 1 ? columns * USUAL_ROOM : USUAL_ROOM)) - (columns - 1) * GAP) / columns;
  const parts = panels.map((panel) => {
    const scene = sceneOf(captures[panel.capture] as FigureCapture, panel, look.dark);
    if (!hasMeasured(scene, held, panel.capture)) return null;
    const part = PANELS[panel.view]({ panel, scene, held, room, isFilled: whole !== null, style });
    if (!part || panel.label === "") return part;
    const words = panel.label === null ? panelWords(scene, panel.view) : { title: panel.label, keys: [] };
    return labelled(part, words, style);
  });
  if (!parts.every((part) => part !== null)) return null;
  return framed(inRows(parts, columns), wordsOf(spec), look, style);
}

function labelled(part: MarkedPart, words: Pick<PanelWords, "title" | "keys">, style: Style): MarkedPart {
  const width = Math.max(NARROWEST, part.width);
  const above = wordsAbove(words.title, words.keys, width, style);
  return {
    marks: `${above.marks}\n${movedBy(0, above.height + GAP_BELOW, part.marks)}`,
    width,
    height: part.height + above.height + GAP_BELOW,
  };
}

/** Measures the attention sinks of a panel that leaves them out; false while weights are missing. */
function hasMeasured(scene: Scene, held: HeldWeights, capture: number): boolean {
  const wanted = wantedShares(scene);
  if (!wanted) return true;
  const { map: whole, layer } = wanted;
  const found = measuredMaps(scene, whole, layer).map(({ map, keyAt }) => {
    const request = meansRequest(map, layer, headsIn(map, layer));
    const means = held.find<"excerpt">({ capture, type: "excerpt", request });
    return means && { keyAt, shares: sharesOfMeans(means, map.query_tokens.length) };
  });
  if (!found.every((one) => one !== null)) return false;
  const shares = joinedShares(found, whole.key_tokens.length);
  scene.leftOut.measured.value = { map: whole.name, layer, shares };
  return true;
}

/** Panels in rows, in columns of equal width. */
function inRows(parts: readonly MarkedPart[], columns: number): MarkedPart {
  const step = Math.max(...parts.map(({ width }) => width)) + GAP;
  let y = 0;
  const marks: string[] = [];
  for (let first = 0; first < parts.length; first += columns) {
    const row = parts.slice(first, first + columns);
    marks.push(...row.map((part, at) => movedBy(at * step, y, part.marks)));
    y += Math.max(...row.map(({ height }) => height)) + GAP;
  }
  return { marks: marks.join("\n"), width: columns * step - GAP, height: y - GAP };
}

/** What the figure shows as a whole: the heads of all panels, where they differ in these alone. */
function wordsOf({ panels, captures, look }: FigureSpec): PanelWords {
  const scenes = panels.map((panel) => ({
    panel,
    scene: sceneOf(captures[panel.capture] as FigureCapture, panel, look.dark),
  }));
  const [first] = scenes;
  if (!first) throw new Error("A figure has at least one panel.");
  const captions = scenes.map(({ panel, scene }) => panelWords(scene, panel.view).caption);
  // Panels with titles of their own need no common one.
  if (panels.some(({ label }) => label === null)) {
    return { title: "", keys: [], caption: [...new Set(captions)].filter(Boolean).join("; ") };
  }
  const heads = [...new Set(scenes.flatMap(({ scene }) => scene.heads.value))].sort((a, b) => a - b);
  return panelWords(first.scene, first.panel.view, heads);
}
