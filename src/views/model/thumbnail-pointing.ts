import { type ReadonlySignal, signal as signalOf } from "@preact/signals-core";
import { focusInSight } from "../../dom/focus";
import { type Gesture, gestureOf } from "../scene/choose-head";

/** One head of one layer. */
export interface LayerHead {
  readonly layer: number;
  readonly head: number;
}

function thumbnailAt(target: EventTarget | null): LayerHead | null {
  const found = buttonAt(target);
  return found ? { layer: Number(found.dataset.layer), head: Number(found.dataset.head) } : null;
}

/** Follows the thumbnail under the pointer or with the focus. A click chooses it, and arrow keys move the focus. */
export function mountThumbnailPointing(
  table: HTMLElement,
  choose: (thumbnail: LayerHead, gesture: Gesture) => void,
  signal: AbortSignal,
): ReadonlySignal<LayerHead | null> {
  const pointed = signalOf<LayerHead | null>(null);
  const point = (event: Event) => {
    pointed.value = thumbnailAt(event.target);
  };
  const leave = () => {
    pointed.value = null;
  };
  table.addEventListener("pointerover", point, { signal });
  table.addEventListener("pointerleave", leave, { signal });
  table.addEventListener("focusin", point, { signal });
  table.addEventListener("focusout", leave, { signal });
  table.addEventListener(
    "click",
    (event) => {
      const thumbnail = thumbnailAt(event.target);
      if (thumbnail) choose(thumbnail, gestureOf(event));
    },
    { signal },
  );
  table.addEventListener(
    "keydown",
    (event) => {
      const from = buttonAt(event.target);
      const to = from && neighbour(table, from, event.key);
      if (!to) return;
      from.tabIndex = -1;
      to.tabIndex = 0;
      focusInSight(to);
      event.preventDefault();
      event.stopPropagation();
    },
    { signal },
  );
  return pointed;
}

function buttonAt(target: EventTarget | null): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>(".hs-cell") : null;
}

/** The cell to which a key leads: the next one in the row, or the nearest head in the next layer. */
function neighbour(table: HTMLElement, from: HTMLElement, key: string): HTMLElement | undefined {
  const cells = [...table.querySelectorAll<HTMLElement>(".hs-cell")];
  const row = cells.filter((cell) => cell.dataset.layer === from.dataset.layer);
  if (key === "ArrowLeft") return row[row.indexOf(from) - 1];
  if (key === "ArrowRight") return row[row.indexOf(from) + 1];
  if (key === "Home") return row[0];
  if (key === "End") return row.at(-1);
  if (key !== "ArrowUp" && key !== "ArrowDown") return undefined;
  const layers = [...new Set(cells.map((cell) => cell.dataset.layer))];
  const layer = layers[layers.indexOf(from.dataset.layer) + (key === "ArrowUp" ? -1 : 1)];
  const away = (cell: HTMLElement) => Math.abs(Number(cell.dataset.head) - Number(from.dataset.head));
  const candidates = cells.filter((cell) => cell.dataset.layer === layer);
  return candidates.sort((a, b) => away(a) - away(b))[0];
}
