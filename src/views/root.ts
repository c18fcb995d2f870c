import { computed, type ReadonlySignal } from "@preact/signals-core";
import type { ViewKind } from "../contract.gen";
import type { ViewContext } from "../core/context";
import { setAttribute } from "../dom/element";
import { tellWidth } from "../dom/size";
import { groundOf } from "../dom/theme";
import { effectUntil } from "../dom/until";
import type { Progress } from "./progress";
import { createScene, type Scene } from "./scene";

const NAMES: Readonly<Record<ViewKind, string>> = {
  head: "Head view",
  model: "Model view",
  matrix: "Matrix view",
  neuron: "Neuron view",
  text: "Text view",
  explorer: "Explorer",
};

/** Makes `root` the root of a view, in the theme that is wished for, and empties it at the end. */
export function openRoot(root: HTMLElement, view: ViewKind, context: ViewContext, signal: AbortSignal): Scene {
  root.classList.add("headscope");
  root.dataset.view = view;
  root.dataset.state = "pending";
  root.tabIndex = 0;
  root.setAttribute("role", "group");
  tellWidth(root, signal);
  const ground = groundOf(root, context.options.theme, signal);
  effectUntil(signal, () => {
    root.dataset.theme = context.options.theme.value;
    root.dataset.ground = ground.value.isDark ? "dark" : "light";
    root.style.setProperty("--hs-found", ground.value.color ?? "");
  });
  effectUntil(signal, () => root.setAttribute("aria-label", `${NAMES[view]}: ${context.name.value}`));
  signal.addEventListener("abort", () => root.replaceChildren(), { once: true });
  return createScene(
    context,
    computed(() => ground.value.isDark),
  );
}

/** Tells the page which layer is painted. Call it after the parts that paint: it must come last. */
export function tellState(
  root: HTMLElement,
  progress: ReadonlySignal<Progress>,
  layer: ReadonlySignal<number | null>,
  signal: AbortSignal,
): void {
  effectUntil(signal, () => {
    setAttribute(root, "data-layer", layer.value ?? undefined);
    root.dataset.state = progress.value.state;
  });
}
