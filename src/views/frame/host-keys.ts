/** Keys in a view and in its host: which of the two acts on a key. */

/** The command registry of JupyterLab and Notebook skips elements with this attribute. */
const KEPT = "data-lm-suppress-shortcuts";

/**
 * Calls `press` with every plain key that is pressed in the view, unless the control with the focus uses the key itself.
 * No plain key reaches the host, whether or not `press` handles it: in command mode "x" would cut the cell, "b" insert
 * one and "0" pressed twice restart the kernel. Keys with Ctrl, Cmd or Alt, Tab, function keys and Shift Enter, which
 * runs the cell, are the host's.
 */
export function hearKeys(
  root: HTMLElement,
  press: (key: string, target: Element) => boolean,
  signal: AbortSignal,
): void {
  const hasLostFocus = watchFocus(root, signal);
  const answer = (event: KeyboardEvent, target: Element) => {
    const isControls = controlKeys(target)?.test(event.key) ?? false;
    if (!isControls && press(event.key, target)) event.preventDefault();
  };
  // Notebook 7 handles keys before the page's elements do, JupyterLab and VS Code do after them.
  const capture = (event: KeyboardEvent) => {
    const target = event.composedPath()[0];
    const isInside = event.composedPath().includes(root);
    const isOurs = target instanceof Element && !isHosts(event, target);
    root.toggleAttribute(KEPT, isInside && isOurs);
    if (isInside || !isOurs || !hasLostFocus()) return;
    root.focus({ preventScroll: true });
    answer(event, root);
    event.stopImmediatePropagation();
  };
  const bubble = (event: KeyboardEvent) => {
    root.removeAttribute(KEPT);
    if (!(event.target instanceof Element) || isHosts(event, event.target)) return;
    answer(event, event.target);
    event.stopPropagation();
  };
  window.addEventListener("keydown", capture, { capture: true, signal });
  root.addEventListener("keydown", bubble, { signal });
}

function isHosts({ key, ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent, target: Element): boolean {
  if (ctrlKey || metaKey || altKey || /^(Tab|F\d+)$/.test(key)) return true;
  return shiftKey && key === "Enter" && !controlKeys(target)?.test(key);
}

/** The keys that a control uses itself. */
function controlKeys(target: Element): RegExp | undefined {
  if (target instanceof HTMLInputElement) return target.type === "checkbox" ? /^ $/ : /^(?!Escape).*$/;
  if (target instanceof HTMLTextAreaElement) return /^(?!Escape).*$/;
  if (target instanceof HTMLSelectElement) return /^(\w|Arrow.*|Home|End|Enter| )$/;
  return target instanceof HTMLButtonElement || target.localName === "summary" ? /^(Enter| )$/ : undefined;
}

/**
 * Tells whether the view's focus is gone because its element was removed, hidden or disabled: "]" may redraw the token
 * with the focus. The reader still types into the view, but the keys go to the page.
 */
function watchFocus(root: HTMLElement, signal: AbortSignal): () => boolean {
  let wasInside = false;
  const follow = (event: Event) => {
    wasInside = event.composedPath().includes(root);
  };
  const leave = (event: Event) => {
    if (!event.composedPath().includes(root)) wasInside = false;
  };
  window.addEventListener("focusin", follow, { capture: true, signal });
  window.addEventListener("pointerdown", leave, { capture: true, signal });
  return () => wasInside && root.isConnected && [null, document.body].includes(document.activeElement as never);
}
