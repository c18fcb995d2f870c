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
  const control = element("div", { class: "hs-control hs-menu-control", "data-keep": true }, button, panel);
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
      button.focus({ preventScroll: true });
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

/** Opens the menu that a control is in, if it is in a closed one: what is hidden takes no focus. */
export function openAround(control: Element): void {
  const panel = control.closest(".hs-menu[hidden]");
  if (panel?.previousElementSibling instanceof HTMLButtonElement) panel.previousElementSibling.click();
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

/** Right-aligns a panel with its button if it would extend beyond the view, and moves it in if it still does. */
function keepInside(panel: HTMLElement, view: Element | null): void {
  panel.classList.remove("hs-flipped");
  panel.style.removeProperty("right");
  const { left, right } = view?.getBoundingClientRect() ?? {
    left: Number.NEGATIVE_INFINITY,
    right: Number.POSITIVE_INFINITY,
  };
  const isBeyond = panel.getBoundingClientRect().right > right;
  panel.classList.toggle("hs-flipped", isBeyond);
  const missing = isBeyond ? left - panel.getBoundingClientRect().left : 0;
  if (missing > 0) panel.style.right = `${-Math.ceil(missing)}px`;
}
