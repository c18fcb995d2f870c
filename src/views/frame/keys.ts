import { isLong } from "../../core/weights/map-size";
import { element } from "../../dom/element";
import { showAllHeads, stepLayer, toggleHead, unpin } from "../scene/move-selection";
import type { Scene } from "../scene/scene";

/** One line in the list of keys. `press` returns whether it handled the key. */
export interface KeyBinding {
  readonly keys: string;
  readonly meaning: string;
  readonly press?: (key: string, target: Element) => boolean;
}

export function layerKeys(scene: Scene, root: HTMLElement): readonly KeyBinding[] {
  return [
    {
      keys: "[  ]",
      meaning: "previous, next layer",
      press: (key) => (key === "[" && handled(stepLayer(scene, -1))) || (key === "]" && handled(stepLayer(scene, 1))),
    },
    {
      keys: "↑  ↓",
      meaning: "previous, next layer, while no token has the focus",
      press(key, target) {
        if (target !== root || (key !== "ArrowUp" && key !== "ArrowDown")) return false;
        return handled(stepLayer(scene, key === "ArrowUp" ? -1 : 1));
      },
    },
  ];
}

export function headKeys(scene: Scene): readonly KeyBinding[] {
  return [
    {
      keys: "0 to 9",
      meaning: "show or hide a head; Tab and Enter reach every head",
      press: (key) => /^\d$/.test(key) && handled(toggleHead(scene, Number(key))),
    },
    {
      keys: "a",
      meaning: "all heads",
      press: (key) => key === "a" && handled(showAllHeads(scene)),
    },
    {
      keys: "Shift Enter",
      meaning: "on a head: this head alone, or all again",
    },
  ];
}

export function tokenKeys(scene: Scene): readonly KeyBinding[] {
  return [
    { keys: "↑ ↓ ← →", meaning: "on a token: move to another" },
    { keys: "Enter", meaning: "on a token: pin or unpin it" },
    ...(scene.context.maps.peek().some(isLong) ? LONG_KEYS : []),
    unpinKey(scene),
  ];
}

const LONG_KEYS: readonly KeyBinding[] = [
  { keys: "Page Up Page Down", meaning: "on a token, or on the minimap: one screen back, one screen on" },
  { keys: "Home End", meaning: "there too: the first tokens, the last ones" },
];

export function unpinKey(scene: Scene): KeyBinding {
  return {
    keys: "Esc",
    meaning: "unpin all tokens",
    press: (key) => key === "Escape" && unpin(scene.tokens),
  };
}

export function searchKeys(search: () => void): readonly KeyBinding[] {
  return [{ keys: "/", meaning: "find a token", press: (key) => key === "/" && handled(search()) }];
}

/** A key of the view counts as handled even if there is nothing left to do, such as no layer after the last. */
function handled(_: unknown): true {
  return true;
}

/** The keys that a control uses itself. */
function controlKeys(target: Element): RegExp | undefined {
  if (target instanceof HTMLInputElement) return target.type === "checkbox" ? /^ $/ : /^(?!Escape).*$/;
  if (target instanceof HTMLSelectElement) return /^(\w|Arrow.*|Home|End|Enter| )$/;
  return target instanceof HTMLButtonElement || target.localName === "summary" ? /^(Enter| )$/ : undefined;
}

/** The keys that some view uses, alone or with Shift. */
const USED = /^([a\d[\]/?+=−-]|Arrow\w+|Home|End|Page(Up|Down)|Enter|Escape| )$/;

/**
 * Keeps keys that the view may use from the host's shortcuts until the view has seen them.
 * Notebook 7 handles keys before the page's elements do: "0" pressed twice would restart the kernel, "a" would insert a
 * cell, an arrow would move to another cell. The command registry of JupyterLab and Notebook skips elements with this
 * attribute. JupyterLab handles keys last, so it still gets those that the view does not use.
 */
function keepFromHost(root: HTMLElement, signal: AbortSignal): () => void {
  const attribute = "data-lm-suppress-shortcuts";
  const look = (event: KeyboardEvent) => {
    const { target } = event;
    const isInside = target instanceof Element && root.contains(target);
    root.toggleAttribute(attribute, isInside && mayBeOurs(event, target));
  };
  window.addEventListener("keydown", look, { capture: true, signal });
  return () => root.removeAttribute(attribute);
}

function mayBeOurs({ key, ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent, target: Element): boolean {
  if (ctrlKey || metaKey || altKey) return false;
  // Shift Enter runs the cell, unless a control uses it.
  return controlKeys(target)?.test(key) || (USED.test(key) && !(shiftKey && key === "Enter"));
}

/** Handles keys pressed anywhere in the view, and lists them behind a button. The keys may change with the view. */
export function mountKeys(
  root: HTMLElement,
  toolbar: HTMLElement,
  given: readonly KeyBinding[] | (() => readonly KeyBinding[]),
  signal: AbortSignal,
): void {
  const bindings = typeof given === "function" ? given : () => given;
  const help = element("dl", { class: "hs-help", hidden: true, "aria-label": "Keys" });
  const button = element("button", { type: "button", class: "hs-button hs-ask", title: "Keys" }, "?");
  button.setAttribute("aria-label", "Keys");
  const show = (visible: boolean) => {
    if (visible) help.replaceChildren(...listed(bindings()));
    help.hidden = !visible;
    button.setAttribute("aria-expanded", String(visible));
  };
  show(false);
  toolbar.append(button, help);
  button.addEventListener("click", () => show(help.hidden), { signal });
  button.addEventListener("blur", () => show(false), { signal });
  const release = keepFromHost(root, signal);
  root.addEventListener("keydown", answer, { signal });

  function answer(event: KeyboardEvent): void {
    release();
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.target instanceof Element)) return;
    const isControls = controlKeys(event.target)?.test(event.key) ?? false;
    const isOurs = !isControls && press(event.key, event.target);
    if (isOurs) event.preventDefault();
    // The host uses the same keys: in JupyterLab "a" inserts a cell, and Enter moves to the editor.
    if (isControls || isOurs) event.stopPropagation();
  }

  function press(key: string, target: Element): boolean {
    if (key === "?") return handled(show(help.hidden));
    if (key === "Escape" && !help.hidden) return handled(show(false));
    return bindings().some((binding) => binding.press?.(key, target));
  }
}

function listed(bindings: readonly KeyBinding[]): HTMLElement[] {
  const all = [...bindings, { keys: "?", meaning: "this list" }];
  return all.flatMap(({ keys, meaning }) => [element("dt", {}, keys), element("dd", {}, meaning)]);
}
