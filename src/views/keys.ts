import { isLong } from "../core/long";
import { element } from "../dom/element";
import { showAllHeads, stepLayer, toggleHead } from "./actions";
import { unpin } from "./pointing";
import type { Scene } from "./scene";

/** One line of the list of keys. `press` is told the key and says whether it was meant for it. */
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
      press: (key) => (key === "[" && told(stepLayer(scene, -1))) || (key === "]" && told(stepLayer(scene, 1))),
    },
    {
      keys: "↑  ↓",
      meaning: "previous, next layer, while no token has the focus",
      press(key, target) {
        if (target !== root || (key !== "ArrowUp" && key !== "ArrowDown")) return false;
        return told(stepLayer(scene, key === "ArrowUp" ? -1 : 1));
      },
    },
  ];
}

export function headKeys(scene: Scene): readonly KeyBinding[] {
  return [
    {
      keys: "0 to 9",
      meaning: "show or hide a head; Tab and Enter reach every head",
      press: (key) => /^\d$/.test(key) && told(toggleHead(scene, Number(key))),
    },
    {
      keys: "a",
      meaning: "all heads",
      press: (key) => key === "a" && told(showAllHeads(scene)),
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
    { keys: "Enter", meaning: "on a token: pin it, or let it go" },
    ...(scene.context.maps.peek().some(isLong) ? LONG_KEYS : []),
    unpinKey(scene),
  ];
}

const LONG_KEYS: readonly KeyBinding[] = [
  { keys: "Page Up Page Down", meaning: "on a token, or on the map of the whole: a screen back, a screen on" },
  { keys: "Home End", meaning: "there too: the first tokens, the last ones" },
];

export function unpinKey(scene: Scene): KeyBinding {
  return {
    keys: "Esc",
    meaning: "let go of what is pinned",
    press: (key) => key === "Escape" && unpin(scene.tokens),
  };
}

export function searchKeys(search: () => void): readonly KeyBinding[] {
  return [{ keys: "/", meaning: "find a token", press: (key) => key === "/" && told(search()) }];
}

/** A key that is ours is ours also when there is nothing left to do, such as a layer after the last. */
function told(_: unknown): true {
  return true;
}

/** The keys that a control has a use for itself. */
function keysOf(target: Element): RegExp | undefined {
  if (target instanceof HTMLInputElement) return target.type === "checkbox" ? /^ $/ : /^(?!Escape).*$/;
  if (target instanceof HTMLSelectElement) return /^(\w|Arrow.*|Home|End|Enter| )$/;
  return target instanceof HTMLButtonElement || target.localName === "summary" ? /^(Enter| )$/ : undefined;
}

/** The keys that some view has a use for, alone or with Shift. */
const USED = /^([a\d[\]/?+=−-]|Arrow\w+|Home|End|Page(Up|Down)|Enter|Escape| )$/;

/**
 * Keeps keys that the view may have a use for from the host's shortcuts until the view has had a look at them.
 *
 * Notebook 7 takes keys before the page's elements get them: "0" pressed twice would restart the kernel, "a" insert a
 * cell, an arrow leave for another cell. JupyterLab's and Notebook's registry of commands passes over elements with
 * this attribute. JupyterLab takes keys last: what the view has no use for is its own then.
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
  // Shift Enter runs the cell, unless a control has a use for it.
  return keysOf(target)?.test(key) || (USED.test(key) && !(shiftKey && key === "Enter"));
}

/** Answers keys pressed anywhere in the view, and lists them behind a button. The keys may change with the view. */
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
    const isControls = keysOf(event.target)?.test(event.key) ?? false;
    const isOurs = !isControls && press(event.key, event.target);
    if (isOurs) event.preventDefault();
    // The host has shortcuts on the same keys: in JupyterLab "a" inserts a cell, and Enter leaves for the editor.
    if (isControls || isOurs) event.stopPropagation();
  }

  function press(key: string, target: Element): boolean {
    if (key === "?") return told(show(help.hidden));
    if (key === "Escape" && !help.hidden) return told(show(false));
    return bindings().some((binding) => binding.press?.(key, target));
  }
}

function listed(bindings: readonly KeyBinding[]): HTMLElement[] {
  const all = [...bindings, { keys: "?", meaning: "this list" }];
  return all.flatMap(({ keys, meaning }) => [element("dt", {}, keys), element("dd", {}, meaning)]);
}
