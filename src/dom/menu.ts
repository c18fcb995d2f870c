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
      // The path holds the true target also where the host keeps widgets in a shadow tree.
      if (!event.composedPath().includes(control)) show(false);
    },
    { signal },
  );
  return { control, button, open: () => show(true), close: () => show(false) };
}

/** A panel that would reach beyond the view ends where its button ends. */
function keepInside(panel: HTMLElement, view: Element | null): void {
  panel.classList.remove("hs-flipped");
  const limit = view?.getBoundingClientRect().right ?? Number.POSITIVE_INFINITY;
  panel.classList.toggle("hs-flipped", panel.getBoundingClientRect().right > limit);
}
