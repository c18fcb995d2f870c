import { computed } from "@preact/signals-core";
import { element } from "../../dom/element";
import { rovingFocus } from "../../dom/roving";
import { effectUntil } from "../../dom/until";
import { buildToggles } from "../frame/head-toggles";
import type { KeyBinding } from "../frame/keys";
import { labelled, stepButton } from "../frame/toolbar-controls";
import type { Scene } from "../scene/scene";

/** The same scene with only the first of the active heads. */
export function singleHead(scene: Scene): Scene {
  const heads = computed(() => scene.heads.value.slice(0, 1));
  const request = computed(() => scene.request.value && { ...scene.request.value, heads: [...heads.value] });
  return { ...scene, heads, request };
}

/** A square for each head, of which one is chosen. */
export function headChoice(scene: Scene, signal: AbortSignal): HTMLElement {
  const group = element("div", { class: "hs-heads", role: "group", "aria-label": "Head" });
  group.addEventListener(
    "click",
    (event) => {
      const toggle = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-head]") : null;
      if (toggle) chooseHead(scene, Number(toggle.dataset.head));
    },
    { signal },
  );
  const toggles = computed(() => buildToggles(scene.numHeads.value, scene.dark.value));
  effectUntil(signal, () => {
    for (const toggle of toggles.value) toggle.title = "Show this head";
    group.replaceChildren(...toggles.value);
  });
  rovingFocus(group, toggles, signal);
  effectUntil(signal, () => {
    const [shown] = scene.heads.value;
    toggles.value.forEach((toggle, head) => {
      toggle.setAttribute("aria-pressed", String(head === shown));
    });
  });
  return labelled("Head", group);
}

/** Names the head whose chain is shown, with buttons for the one before and the next. */
export function headStepper(scene: Scene, signal: AbortSignal): HTMLElement {
  const shown = element("span", { class: "hs-shown-head" });
  const step = (by: 1 | -1) => chooseHead(scene, (scene.heads.peek()[0] ?? 0) + by);
  const previous = stepButton("‹", "Previous head", () => step(-1), signal);
  const next = stepButton("›", "Next head", () => step(1), signal);
  effectUntil(signal, () => {
    const [head] = scene.heads.value;
    shown.textContent = String(head ?? "");
    previous.disabled = head === undefined || head === 0;
    next.disabled = head === undefined || head === scene.numHeads.value - 1;
  });
  return labelled("Head", previous, shown, next);
}

export function headChoiceKeys(scene: Scene): readonly KeyBinding[] {
  return [
    {
      keys: "0 to 9",
      meaning: "choose a head; on a square, arrow keys and Enter reach every head",
      press: (key) => /^\d$/.test(key) && chooseHead(scene, Number(key)),
    },
  ];
}

function chooseHead(scene: Scene, head: number): true {
  if (head < scene.numHeads.peek()) scene.context.selection.heads.value = [head];
  return true;
}
