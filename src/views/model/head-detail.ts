import { batch, type ReadonlySignal, signal as signalOf, untracked } from "@preact/signals-core";
import { layerName, layerPlace } from "../../core/look/layer-name";
import { element, setAttribute } from "../../dom/element";
import { childOf, effectUntil } from "../../dom/until";
import { type LineArea, mountLines } from "../head/head-lines";
import { noteNameOf } from "../notes/head-notes";
import type { Gesture } from "../scene/choose-head";
import { isAlone, toggleHead } from "../scene/move-selection";
import type { Scene } from "../scene/scene";
import type { LayerHead } from "./thumbnail-pointing";

/** Shows the selected heads of the selected layer as lines while `detail` is on. Null while it is off. */
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
    const layer = layerName(scene.wholeMap.value, scene.layer.value);
    title.textContent = `Layer ${layer}, ${headsTitle(scene.heads.value, scene.numHeads.value)}${noted(scene)}`;
    setAttribute(title, "title", layerPlace(scene.wholeMap.value, scene.layer.value) || undefined);
  });
  return mountLines(parent, scene, signal);
}

/** What a note calls the shown head, if it is one. */
function noted(scene: Scene): string {
  const [head, ...more] = scene.heads.value;
  const note = head === undefined || more.length > 0 ? "" : noteNameOf(scene, scene.layer.value, head);
  return note && `: ${note}`;
}

export function headsTitle(heads: readonly number[], numHeads: number): string {
  if (heads.length === 1) return `Head ${heads[0]}`;
  return heads.length === numHeads ? `all ${numHeads} heads` : `Heads ${heads.join(", ")}`;
}

/** Opens a head alone in the detail, or closes the detail if it is; or adds the head to the open ones, or removes it. */
export function chooseInDetail(scene: Scene, { layer, head }: LayerHead, gesture: Gesture): void {
  const { selection, options } = scene.context;
  const isOpen = options.detail.peek() && scene.layer.peek() === layer;
  if (gesture === "none") return;
  if (gesture === "add" && isOpen) {
    toggleHead(scene, head);
    return;
  }
  const wasAlone = isAlone(scene, layer, head);
  batch(() => {
    options.detail.value = !(isOpen && wasAlone);
    selection.layer.value = layer;
    if (!wasAlone) selection.heads.value = [head];
  });
}
