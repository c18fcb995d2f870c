import { computed } from "@preact/signals-core";
import { css, headColor, inkOn } from "../../core/look/colors";
import { element } from "../../dom/element";
import { effectUntil } from "../../dom/until";
import { isolateHead, showAllHeads, toggleHead } from "../scene/move-selection";
import type { Scene } from "../scene/scene";
import { labelled } from "./toolbar-controls";

const HINT = "Click: show or hide. Double-click: this head alone, or all again.";

/** A square for each head, in the head's colour and with its number. */
export function headToggles(scene: Scene, signal: AbortSignal): HTMLElement {
  const group = element("div", { class: "hs-heads", role: "group", "aria-label": "Heads" });
  const all = element("button", { type: "button", class: "hs-button", title: "Show all heads" }, "All");
  all.addEventListener("click", () => showAllHeads(scene), { signal });
  group.addEventListener(
    "click",
    (event) => {
      const head = headAt(event.target);
      if (head === null) return;
      if (event.shiftKey) isolateHead(scene, head);
      else toggleHead(scene, head);
    },
    { signal },
  );
  group.addEventListener(
    "dblclick",
    (event) => {
      const head = headAt(event.target);
      if (head !== null && !event.shiftKey) isolateHead(scene, head);
    },
    { signal },
  );
  const toggles = computed(() => buildToggles(scene.numHeads.value, scene.dark.value));
  effectUntil(signal, () => group.replaceChildren(...toggles.value));
  effectUntil(signal, () => {
    const active = new Set(scene.heads.value);
    toggles.value.forEach((toggle, head) => {
      toggle.setAttribute("aria-pressed", String(active.has(head)));
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
