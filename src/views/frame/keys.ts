import type { ViewKind } from "../../contract.gen";
import { isLong } from "../../core/weights/map-size";
import { element } from "../../dom/element";
import { showAllHeads, stepLayer, toggleHead, unpin } from "../scene/move-selection";
import type { Scene } from "../scene/scene";
import { type HelpLine, helpContent } from "./help";
import { hearKeys } from "./host-keys";

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
      meaning: "add or remove one of the first ten heads",
      press: (key) => /^\d$/.test(key) && handled(toggleHead(scene, Number(key))),
    },
    {
      keys: "a",
      meaning: "all heads",
      press: (key) => key === "a" && handled(showAllHeads(scene)),
    },
    {
      keys: "Enter",
      meaning: "on a head: this head alone, or all again; with Shift: add or remove it; arrow keys: another head",
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

/** `leaveOut` returns whether there was a key to leave out. */
export function leaveOutKeys(leaveOut: (target: Element) => boolean): readonly KeyBinding[] {
  return [
    {
      keys: "Delete",
      meaning: "leave out the key token with the focus, or the pinned one",
      press: (key, target) => (key === "Delete" || key === "Backspace") && handled(leaveOut(target)),
    },
  ];
}

/** A key of the view counts as handled even if there is nothing left to do, such as no layer after the last. */
function handled(_: unknown): true {
  return true;
}

/** Handles keys pressed anywhere in the view, and explains them behind a button. They may change with the view. */
export function mountKeys(
  root: HTMLElement,
  toolbar: HTMLElement,
  given: readonly KeyBinding[] | (() => readonly KeyBinding[]),
  signal: AbortSignal,
): void {
  const bindings = typeof given === "function" ? given : () => given;
  const help = element("div", { class: "hs-help", role: "group", hidden: true, tabindex: 0, "aria-label": "Help" });
  const button = element("button", { type: "button", class: "hs-button hs-ask", title: "What you see, and keys" }, "?");
  button.setAttribute("aria-label", "Help");
  const show = (visible: boolean) => {
    if (visible) help.replaceChildren(...helpContent(root.dataset.view as ViewKind, listed(bindings())));
    help.hidden = !visible;
    button.setAttribute("aria-expanded", String(visible));
  };
  show(false);
  toolbar.append(button, help);
  button.addEventListener("click", () => show(help.hidden), { signal });
  const leave = ({ relatedTarget }: FocusEvent) => {
    if (!(relatedTarget instanceof Node && help.contains(relatedTarget))) show(false);
  };
  button.addEventListener("blur", leave, { signal });
  help.addEventListener("focusout", leave, { signal });
  hearKeys(root, press, signal);

  function press(key: string, target: Element): boolean {
    if (key === "?") return handled(show(help.hidden));
    if (key === "Escape" && !help.hidden) return handled(show(false));
    return bindings().some((binding) => binding.press?.(key, target));
  }
}

function listed(bindings: readonly KeyBinding[]): HelpLine[] {
  return bindings.map(({ keys, meaning }) => [keys, meaning]);
}
