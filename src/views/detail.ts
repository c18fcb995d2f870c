import { batch, type ReadonlySignal, signal as signalOf, untracked } from "@preact/signals-core";
import { element } from "../dom/element";
import { childOf, effectUntil } from "../dom/until";
import { isAlone } from "./actions";
import type { Cell } from "./grid-keys";
import { type LineArea, mountLines } from "./lines";
import type { Scene } from "./scene";

/** The selected heads of the selected layer, as lines, while `detail` is open. Null while it is closed. */
export function mountDetail(parent: HTMLElement, scene: Scene, signal: AbortSignal): ReadonlySignal<LineArea | null> {
  const { detail } = scene.context.options;
  const lines = signalOf<LineArea | null>(null);
  let open: AbortController | undefined;
  effectUntil(signal, () => {
    const isOpen = detail.value;
    untracked(() => {
      open?.abort();
      parent.replaceChildren();
      parent.hidden = !isOpen;
      open = isOpen ? childOf(signal) : undefined;
      lines.value = open ? openDetail(parent, scene, open.signal) : null;
    });
  });
  return lines;
}

function openDetail(parent: HTMLElement, scene: Scene, signal: AbortSignal): LineArea {
  const title = element("div", { class: "hs-detail-title", role: "heading", "aria-level": 3 });
  const close = element("button", { type: "button", class: "hs-button", "aria-label": "Close", title: "Close" }, "×");
  close.addEventListener(
    "click",
    () => {
      scene.context.options.detail.value = false;
    },
    { signal },
  );
  parent.append(element("div", { class: "hs-detail-bar" }, title, close));
  effectUntil(signal, () => {
    title.textContent = `Layer ${scene.layer.value}, ${headNames(scene.heads.value, scene.numHeads.value)}`;
  });
  return mountLines(parent, scene, signal);
}

export function headNames(heads: readonly number[], numHeads: number): string {
  if (heads.length === 1) return `Head ${heads[0]}`;
  return heads.length === numHeads ? `all ${numHeads} heads` : `Heads ${heads.join(", ")}`;
}

/** Opens a head in the detail; closes the detail if that head is open there already. */
export function toggleDetail(scene: Scene, cell: Cell): void {
  const { selection, options } = scene.context;
  const isOpen = isAlone(scene, cell.layer, cell.head);
  batch(() => {
    options.detail.value = !(options.detail.peek() && isOpen);
    selection.layer.value = cell.layer;
    if (!isOpen) selection.heads.value = [cell.head];
  });
}
