import { computed, type ReadonlySignal } from "@preact/signals-core";
import { css, headColor, inkOn } from "../../core/look/colors";
import { element } from "../../dom/element";
import { rovingFocus } from "../../dom/roving";
import { effectUntil } from "../../dom/until";
import { markNoted, noteOfHead } from "../notes/head-notes";
import { chooseHead, gestureOf } from "../scene/choose-head";
import { showAllHeads } from "../scene/move-selection";
import type { Scene } from "../scene/scene";
import { labelled } from "./toolbar-controls";

const HINT = "Click: this head alone, or all again. With Ctrl, ⌘ or Shift: add or remove it.";

/**
 * A square for each head, in the head's colour and with its number. Squares of active heads that are not among `shown`
 * are pale.
 */
export function headToggles(
  scene: Scene,
  signal: AbortSignal,
  shown: ReadonlySignal<readonly number[]> = scene.heads,
): HTMLElement {
  const group = element("div", { class: "hs-heads", role: "group", "aria-label": "Heads" });
  const all = element("button", { type: "button", class: "hs-button", title: "Show all heads" }, "All");
  all.addEventListener("click", () => showAllHeads(scene), { signal });
  group.addEventListener(
    "click",
    (event) => {
      const head = headAt(event.target);
      if (head !== null) chooseHead(scene, head, gestureOf(event));
    },
    { signal },
  );
  const toggles = computed(() => buildToggles(scene.numHeads.value, scene.dark.value));
  effectUntil(signal, () => group.replaceChildren(...toggles.value));
  rovingFocus(group, toggles, signal);
  effectUntil(signal, () => {
    const active = new Set(scene.heads.value);
    toggles.value.forEach((toggle, head) => {
      toggle.setAttribute("aria-pressed", String(active.has(head)));
      toggle.toggleAttribute("data-pale", active.has(head) && !shown.value.includes(head));
      markNoted(toggle, noteOfHead(scene, scene.layer.value, head), HINT);
    });
  });
  return labelled("Heads", all, group);
}

export function buildToggles(numHeads: number, dark: boolean): HTMLElement[] {
  return Array.from({ length: numHeads }, (_, head) => {
    const color = headColor(head, numHeads, dark);
    return element(
      "button",
      {
        type: "button",
        class: "hs-toggle",
        "aria-label": `Head ${head}`,
        title: HINT,
        "data-head": head,
        style: `--hs-color: ${css(color)}; --hs-ink: ${inkOn(color)}`,
      },
      String(head),
    );
  });
}

function headAt(target: EventTarget | null): number | null {
  const toggle = target instanceof Element ? target.closest<HTMLElement>("[data-head]") : null;
  return toggle ? Number(toggle.dataset.head) : null;
}
