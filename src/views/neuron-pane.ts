import type { ReadonlySignal } from "@preact/signals-core";
import { effectUntil } from "../dom/until";
import { type LineArea, mountLines } from "./lines";
import { mountChain } from "./neuron-chain";
import { singleHead } from "./neuron-heads";
import { mountNotes } from "./neuron-notes";
import { readChain } from "./neuron-readout";
import { followExpansion } from "./neuron-state";
import { together } from "./progress";
import type { Readout } from "./readout";
import type { Scene } from "./scene";

export interface Neurons extends LineArea {
  /** What is to be said of the chain; empty while no query is expanded. */
  readonly readout: () => Readout;
  /** The row of the expanded query; null while none is. */
  readonly expanded: ReadonlySignal<number | null>;
}

/** The lines of one head; and the way from queries and keys to weights for the query that is expanded. */
export function mountNeurons(parent: HTMLElement, whole: Scene, signal: AbortSignal): Neurons {
  const lines = mountLines(parent, singleHead(whole), signal);
  const { scene } = lines;
  lines.area.classList.add("hs-neuron");
  const expansion = followExpansion(scene, lines, signal);
  const pointed = mountChain(lines, scene, expansion, signal);
  mountNotes(parent, lines, scene, expansion, signal);
  moveWithPointer(lines.area, scene, signal);
  effectUntil(signal, () => lines.area.classList.toggle("hs-no-vectors", expansion.reason.value !== ""));
  return {
    ...lines,
    expanded: expansion.row,
    progress: together([lines.progress, expansion.progress]),
    readout: () => {
      const [shown, info] = [expansion.shown.value, scene.info.value];
      return shown && info ? readChain(shown, pointed.value, info) : [];
    },
  };
}

/** A finger has no way to point without a tap, and a tap chooses: it must not move first what it then chooses. */
function isPress(event: Event, token: HTMLElement): boolean {
  return event instanceof PointerEvent ? event.pointerType === "touch" : !token.matches(":focus-visible");
}

/** While a query is expanded, pointing at another one expands that one instead, and it stays. */
function moveWithPointer(area: HTMLElement, { tokens }: Scene, signal: AbortSignal): void {
  const move = (event: Event) => {
    const token = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-query]") : null;
    const expanded = tokens.query.peek();
    if (token && !isPress(event, token) && expanded !== null && expanded !== Number(token.dataset.query)) {
      tokens.query.value = Number(token.dataset.query);
    }
  };
  // Not pointerover: that comes also where the page scrolls under a pointer that rests.
  area.addEventListener("pointermove", move, { signal });
  area.addEventListener("focusin", move, { signal });
}
