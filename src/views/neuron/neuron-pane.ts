import type { ReadonlySignal } from "@preact/signals-core";
import { effectUntil } from "../../dom/until";
import { combineProgress } from "../fetch/progress";
import { type LineArea, mountLines } from "../head/head-lines";
import type { Scene } from "../scene/scene";
import type { Readout } from "../tokens/readout";
import { mountChain } from "./chain-columns";
import { mountNotes } from "./chain-notes";
import { followExpandedQuery } from "./expanded-query";
import { chainReadout } from "./neuron-readout";
import { singleHead } from "./single-head";

export interface Neurons extends LineArea {
  /** What the status line says about the chain; empty while no query is expanded. */
  readonly readout: () => Readout;
  /** The row of the expanded query; null if there is none. */
  readonly expanded: ReadonlySignal<number | null>;
}

/** The lines of one head and, for the expanded query, the steps from queries and keys to weights. */
export function mountNeurons(parent: HTMLElement, whole: Scene, signal: AbortSignal): Neurons {
  const lines = mountLines(parent, singleHead(whole), signal);
  const { scene } = lines;
  lines.area.classList.add("hs-neuron");
  const expansion = followExpandedQuery(scene, lines, signal);
  const pointed = mountChain(lines, scene, expansion, signal);
  mountNotes(parent, lines, scene, expansion, signal);
  moveWithPointer(lines.area, scene, signal);
  effectUntil(signal, () => lines.area.classList.toggle("hs-no-vectors", expansion.reason.value !== ""));
  return {
    ...lines,
    expanded: expansion.row,
    progress: combineProgress([lines.progress, expansion.progress]),
    readout: () => {
      const [shown, description] = [expansion.shown.value, scene.description.value];
      return shown && description ? chainReadout(shown, pointed.value, description) : [];
    },
  };
}

/** A finger cannot point without a tap, and a tap chooses. So a tap must not first move the expansion to its token. */
function isPress(event: Event, token: HTMLElement): boolean {
  return event instanceof PointerEvent ? event.pointerType === "touch" : !token.matches(":focus-visible");
}

/** While a query is expanded, pointing at another one expands that one instead, and it stays expanded. */
function moveWithPointer(area: HTMLElement, { tokens }: Scene, signal: AbortSignal): void {
  const move = (event: Event) => {
    const token = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-query]") : null;
    const expanded = tokens.query.peek();
    if (token && !isPress(event, token) && expanded !== null && expanded !== Number(token.dataset.query)) {
      tokens.query.value = Number(token.dataset.query);
    }
  };
  // Not pointerover, which also fires when the page scrolls under a resting pointer.
  area.addEventListener("pointermove", move, { signal });
  area.addEventListener("focusin", move, { signal });
}
