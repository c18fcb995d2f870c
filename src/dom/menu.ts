import { element } from "./element";

export interface Menu {
  /** The button with its panel. */
  readonly control: HTMLElement;
  readonly button: HTMLButtonElement;
  open(): void;
  close(): void;
}

/** A button that opens a panel of controls below it. A click elsewhere, Escape or a second click closes it. */
export function menu(name: string, content: readonly HTMLElement[], signal: AbortSignal): Menu {
  const panel = element("div", { class: "hs-menu", role: "group", "aria-label": name, hidden: true }, ...content);
  const button = element("button", { type: "button", class: "hs-button hs-menu-button", "aria-expanded": "false" });
  button.textContent = name;
  const control = element("div", { class: "hs-control hs-menu-control" }, button, panel);
  const show = (visible: boolean) => {
    panel.hidden = !visible;
    button.setAttribute("aria-expanded", String(visible));
    if (visible) keepInside(panel, control.closest(".headscope"));
  };
  button.addEventListener("click", () => show(panel.hidden), { signal });
  control.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape" || panel.hidden) return;
      show(false);
      button.focus();
      event.stopPropagation();
    },
    { signal },
  );
  document.addEventListener(
    "pointerdown",
    (event) => {
      // The path contains the true target even if the host keeps widgets in a shadow tree.
      if (panel.hidden || event.composedPath().includes(control)) return;
      holdHeight(control.closest<HTMLElement>(".headscope"), signal);
      show(false);
    },
    { signal },
  );
  return { control, button, open: () => show(true), close: () => show(false) };
}

/**
 * Keeps the extra height that a menu gave a low view until the pointer is released. Otherwise the content below would
 * move away under the pressed pointer, and the click would be lost.
 */
function holdHeight(view: HTMLElement | null, signal: AbortSignal): void {
  if (!view) return;
  view.style.minHeight = `${view.offsetHeight}px`;
  const release = () => requestAnimationFrame(() => view.style.removeProperty("min-height"));
  const once = { capture: true, once: true, signal };
  for (const end of ["pointerup", "pointercancel"]) window.addEventListener(end, release, once);
}

/** Right-aligns a panel with its button if it would extend beyond the view. */
function keepInside(panel: HTMLElement, view: Element | null): void {
  panel.classList.remove("hs-flipped");
  const limit = view?.getBoundingClientRect().right ?? Number.POSITIVE_INFINITY;
  panel.classList.toggle("hs-flipped", panel.getBoundingClientRect().right > limit);
}
