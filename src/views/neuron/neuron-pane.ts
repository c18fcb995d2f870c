import type { ReadonlySignal } from "@preact/signals-core";
import { effectUntil } from "../../dom/until";
import { combineProgress } from "../fetch/progress";
import { weightsNote } from "../frame/weights-note";
import { type LineArea, mountLines } from "../head/head-lines";
import type { Scene } from "../scene/scene";
import type { Readout } from "../tokens/readout";
import { mountChain } from "./chain-columns";
import { mountNotes } from "./chain-notes";
import { followExpandedQuery } from "./expanded-query";
import { chainReadout } from "./neuron-readout";
import { singleHead } from "./single-head";
import { type SuggestingScene, suggestingScene, suggestStrongest } from "./suggested-query";

export interface Neurons extends LineArea {
  /** What the status line says about the chain; empty while no query is expanded. */
  readonly readout: () => Readout;
  /** The row of the expanded query; null if there is none. */
  readonly expanded: ReadonlySignal<number | null>;
}

/** The lines of one head and, for the expanded query, the steps from queries and keys to weights. */
export function mountNeurons(parent: HTMLElement, whole: Scene, signal: AbortSignal): Neurons {
  const suggesting = suggestingScene(singleHead(whole), signal);
  const lines = mountLines(parent, suggesting.scene, signal);
  const { scene } = lines;
  lines.area.classList.add("hs-neuron");
  const expansion = followExpandedQuery(scene, lines, signal);
  const pointed = mountChain(lines, scene, expansion, signal);
  mountNotes(parent, lines, scene, expansion, signal);
  suggestStrongest(scene, lines.heads, suggesting.suggestion, signal);
  moveWithPointer(lines.area, scene, suggesting, signal);
  pinSuggested(lines.area, scene, suggesting, signal);
  effectUntil(signal, () => lines.area.classList.toggle("hs-no-vectors", expansion.reason.value !== ""));
  return {
    ...lines,
    expanded: expansion.row,
    progress: combineProgress([lines.progress, expansion.progress]),
    readout: () => {
      const shown = expansion.shown.value;
      if (!shown) return [];
      const readout = chainReadout(shown, pointed.value, scene);
      // A suggestion takes the place of what the status line says while nothing is chosen.
      const note = suggesting.isShown() ? weightsNote(lines.heads.value, scene) : "";
      return note ? [...readout, `   ${note}`] : readout;
    },
  };
}

/** A finger cannot point without a tap, and a tap chooses. So a tap must not first move the expansion to its token. */
function isPress(event: Event, token: HTMLElement): boolean {
  return event instanceof PointerEvent ? event.pointerType === "touch" : !token.matches(":focus-visible");
}

/** A click or Enter on the suggested query pins it, and the next one closes it, as with any other query. */
function pinSuggested(area: HTMLElement, { tokens }: Scene, suggesting: SuggestingScene, signal: AbortSignal): void {
  const choose = (event: Event) => {
    const token = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-query]") : null;
    const isChoice = !(event instanceof KeyboardEvent) || event.key === "Enter" || event.key === " ";
    if (!token || !isChoice || !suggesting.isShown() || tokens.query.peek() !== Number(token.dataset.query)) return;
    suggesting.pin();
    event.preventDefault();
    event.stopPropagation();
  };
  area.addEventListener("click", choose, { capture: true, signal });
  area.addEventListener("keydown", choose, { capture: true, signal });
}

/**
 * While a query is expanded, pointing at another one expands that one instead, and it stays expanded. A pin moves too,
 * a mere suggestion moves alone.
 */
function moveWithPointer(
  area: HTMLElement,
  { tokens, shownMap }: Scene,
  { suggestion, isShown }: SuggestingScene,
  signal: AbortSignal,
): void {
  const show = (row: number) => {
    if (isShown()) suggestion.value = shownMap.peek()?.queries.groups[row]?.[0] ?? null;
    else tokens.query.value = row;
  };
  const move = (event: Event) => {
    const token = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-query]") : null;
    const expanded = tokens.query.peek();
    if (token && !isPress(event, token) && expanded !== null && expanded !== Number(token.dataset.query)) {
      show(Number(token.dataset.query));
    }
  };
  // Not pointerover, which also fires when the page scrolls under a resting pointer.
  area.addEventListener("pointermove", move, { signal });
  area.addEventListener("focusin", move, { signal });
}
