import { computed, type ReadonlySignal } from "@preact/signals-core";
import type { ViewKind } from "../../contract.gen";
import type { ViewContext } from "../../core/state/context";
import { setAttribute } from "../../dom/element";
import { reportWidth } from "../../dom/size";
import { backgroundOf } from "../../dom/theme";
import { effectUntil } from "../../dom/until";
import { VIEWS } from "../../options.gen";
import type { Progress } from "../fetch/progress";
import { measureSinks } from "../scene/measured-sinks";
import { createScene, type ViewScene } from "../scene/scene";
import { rememberScene } from "./scene-of-root";

/** Makes `root` the root of a view in the requested theme, and empties it at the end. */
export function openRoot(root: HTMLElement, view: ViewKind, context: ViewContext, signal: AbortSignal): ViewScene {
  root.classList.add("headscope");
  root.dataset.view = view;
  root.dataset.state = "pending";
  root.tabIndex = 0;
  root.setAttribute("role", "group");
  reportWidth(root, signal);
  const background = backgroundOf(root, context.options.theme, signal);
  effectUntil(signal, () => {
    root.dataset.theme = context.options.theme.value;
    root.dataset.background = background.value.isDark ? "dark" : "light";
    root.style.setProperty("--hs-page-background", background.value.color ?? "");
  });
  effectUntil(signal, () => root.setAttribute("aria-label", `${VIEWS[view].title}: ${context.name.value}`));
  signal.addEventListener("abort", () => root.replaceChildren(), { once: true });
  const scene = createScene(
    context,
    computed(() => background.value.isDark),
  );
  rememberScene(root, scene);
  measureSinks(scene, signal);
  return scene;
}

/** Publishes on the root which layer is painted. Call this after the parts that paint, because it must run last. */
export function publishState(
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
