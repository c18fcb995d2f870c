import { computed, type ReadonlySignal, signal as signalOf } from "@preact/signals-core";
import type { Theme } from "../contract.gen";

/** Milliseconds until a host has faded to its new colours. */
const FADING = 400;

/** VS Code's colours behind a notebook's outputs, front to back. */
const BACKGROUNDS = ["notebook-outputContainerBackgroundColor", "notebook-editorBackground", "editor-background"];

/** The background of a view. */
export interface Background {
  readonly isDark: boolean;
  /** The colour behind the view; undefined if it is unknown, or if the user chose a theme. */
  readonly color: string | undefined;
}

const UNKNOWN: Background = { isDark: false, color: undefined };

/** Follows the background of `root`: that of `theme`, or else the look of the page around it. */
export function backgroundOf(
  root: HTMLElement,
  theme: ReadonlySignal<Theme>,
  signal: AbortSignal,
): ReadonlySignal<Background> {
  const seen = signalOf(look(root));
  let fading: ReturnType<typeof setTimeout> | undefined;
  const lookAgain = () => {
    const next = look(root);
    if (next.isDark !== seen.peek().isDark || next.color !== seen.peek().color) seen.value = next;
  };
  const change = () => {
    lookAgain();
    clearTimeout(fading);
    fading = setTimeout(lookAgain, FADING);
  };
  const watcher = new MutationObserver(change);
  for (const part of [document.documentElement, document.body]) watcher.observe(part, { attributes: true });
  // A view may be drawn before it is in the page. Its first size shows that it has a background.
  const attached = new ResizeObserver(lookAgain);
  attached.observe(root);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", change, { signal });
  signal.addEventListener(
    "abort",
    () => {
      watcher.disconnect();
      attached.disconnect();
      clearTimeout(fading);
    },
    { once: true },
  );
  return computed(() => {
    if (theme.value === "auto") return seen.value;
    return { isDark: theme.value === "dark", color: undefined };
  });
}

function look(root: HTMLElement): Background {
  const painted = paintedBackground(root);
  return { ...painted, isDark: hostSaysDark() ?? painted.isDark };
}

/** Whether JupyterLab or VS Code declares itself dark. */
function hostSaysDark(): boolean | undefined {
  const { classList, dataset } = document.body;
  if (dataset.jpThemeLight) return dataset.jpThemeLight === "false";
  if (classList.contains("vscode-light") || classList.contains("vscode-high-contrast-light")) return false;
  if (classList.contains("vscode-dark") || classList.contains("vscode-high-contrast")) return true;
  return undefined;
}

/** The first painted background behind `root`; the last one is the browser's own canvas. */
function paintedBackground(root: HTMLElement): Background {
  const brush = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (!brush || !root.isConnected) return UNKNOWN;
  for (let node = parentOf(root); node; node = parentOf(node)) {
    const color = getComputedStyle(node).backgroundColor;
    const [lightness, opacity] = sample(brush, color);
    if (opacity > 127) return { isDark: lightness < 128, color };
  }
  const color = vscodeBackground() ?? browserCanvas();
  return { isDark: sample(brush, color)[0] < 128, color };
}

function parentOf(node: Element): Element | null {
  const root = node.getRootNode();
  return node.parentElement ?? (root instanceof ShadowRoot ? root.host : null);
}

/** Lightness and opacity from 0 to 255 of any CSS colour. Paints it, because hosts write colours in many notations. */
function sample(brush: CanvasRenderingContext2D, color: string): [number, number] {
  brush.clearRect(0, 0, 1, 1);
  brush.fillStyle = color;
  brush.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0, opacity = 0] = brush.getImageData(0, 0, 1, 1).data;
  return [0.2126 * red + 0.7152 * green + 0.0722 * blue, opacity];
}

/** VS Code's output page has no background of its own, so the notebook shows through. */
function vscodeBackground(): string | undefined {
  if (document.body.dataset.vscodeThemeKind === undefined) return undefined;
  const style = getComputedStyle(document.documentElement);
  const colors = BACKGROUNDS.map((name) => style.getPropertyValue(`--vscode-${name}`).trim());
  return colors.find((color) => color !== "");
}

/**
 * White, or nearly black if the page follows the reader's preference for dark. A view may have its own scheme, so this
 * asks the document.
 */
function browserCanvas(): string {
  const probe = document.createElement("span");
  probe.style.color = "Canvas";
  document.documentElement.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
