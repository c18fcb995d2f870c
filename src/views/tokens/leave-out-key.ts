import { element } from "../../dom/element";
import type { Scene } from "../scene/scene";

type KeyScene = Pick<Scene, "context" | "shownMap" | "tokens">;

/** A row that gathers more positions is not one key. */
const MOST = 32;

/**
 * Leaves out a key: a small button appears on the key under the pointer, and Delete works on the key with the focus, or
 * else on the pinned one. Returns what Delete does.
 */
export function mountLeaveOut(
  root: HTMLElement,
  scene: () => KeyScene,
  signal: AbortSignal,
): (target: Element) => boolean {
  const button = element("button", { type: "button", class: "hs-leave-out", tabindex: -1, hidden: true }, "×");
  button.setAttribute("aria-label", "Leave out this key");
  button.title = "Leave out this key; the other weights of each query add up to 1";
  let row = -1;
  const follow = (event: PointerEvent) => {
    if (event.target === button || event.pointerType === "touch") return;
    const key = keyAt(event.target);
    button.hidden = !key || positionsOf(scene(), Number(key.dataset.key)).length === 0;
    if (!key || button.hidden) return;
    row = Number(key.dataset.key);
    if (button.parentElement !== root) root.append(button);
    placeOn(button, key, root);
  };
  root.addEventListener("pointerover", follow, { signal });
  root.addEventListener("pointerleave", () => button.toggleAttribute("hidden", true), { signal });
  root.addEventListener("scroll", () => button.toggleAttribute("hidden", true), {
    capture: true,
    passive: true,
    signal,
  });
  button.addEventListener(
    "click",
    (event) => {
      event.stopPropagation();
      button.hidden = true;
      leaveOut(scene(), row);
    },
    { signal },
  );
  return (target) => {
    const focused = keyAt(target);
    const meant = focused ? Number(focused.dataset.key) : scene().tokens.key.peek();
    return meant !== null && leaveOut(scene(), meant);
  };
}

/** A token of a key; not a token of running text that is a query as well. */
function keyAt(target: EventTarget | null): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>("[data-key]") : null;
}

function positionsOf({ shownMap }: KeyScene, row: number): readonly number[] {
  const group = shownMap.peek()?.keys.groups[row] ?? [];
  return group.length <= MOST ? group : [];
}

/** Returns whether there was anything to leave out. */
function leaveOut(scene: KeyScene, row: number): boolean {
  const { exclude, keepSinks } = scene.context.options.aids;
  const { key } = scene.context.selection;
  const positions = positionsOf(scene, row);
  if (positions.length === 0) return false;
  if (key.peek() !== null && positions.includes(key.peek() as number)) key.value = null;
  keepSinks.value = keepSinks.peek().filter((one) => !positions.includes(one));
  exclude.value = [...new Set([...exclude.peek(), ...positions])].sort((a, b) => a - b);
  return true;
}

/** On the right end of the token. */
function placeOn(button: HTMLElement, key: HTMLElement, root: HTMLElement): void {
  const [token, within] = [key.getBoundingClientRect(), root.getBoundingClientRect()];
  button.style.left = `${Math.min(token.right, within.right - 18) - within.left - 2}px`;
  button.style.top = `${token.top - within.top + (token.height - 16) / 2}px`;
}
