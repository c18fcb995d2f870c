import { computed, type ReadonlySignal, signal as signalOf } from "@preact/signals-core";
import type { Theme } from "../contract.gen";

/** After this many milliseconds a host has faded to its new colours. */
const FADING = 400;

/** VS Code's colours behind a notebook's outputs, the one in front first. */
const GROUNDS = ["notebook-outputContainerBackgroundColor", "notebook-editorBackground", "editor-background"];

/** What a view stands on. */
export interface Ground {
  readonly isDark: boolean;
  /** The colour behind the view; undefined where it is not known, and under a theme that is wished for. */
  readonly color: string | undefined;
}

const UNKNOWN: Ground = { isDark: false, color: undefined };

/** The ground of `root`: as `theme` says, or else as the page around it looks, now and later. */
export function groundOf(root: HTMLElement, theme: ReadonlySignal<Theme>, signal: AbortSignal): ReadonlySignal<Ground> {
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
  // A view may be drawn before it is put into the page: its first size tells that it has a ground to stand on.
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

function look(root: HTMLElement): Ground {
  const painted = paintedGround(root);
  return { ...painted, isDark: hostSaysDark() ?? painted.isDark };
}

/** What JupyterLab and VS Code say of themselves. */
function hostSaysDark(): boolean | undefined {
  const { classList, dataset } = document.body;
  if (dataset.jpThemeLight) return dataset.jpThemeLight === "false";
  if (classList.contains("vscode-light") || classList.contains("vscode-high-contrast-light")) return false;
  if (classList.contains("vscode-dark") || classList.contains("vscode-high-contrast")) return true;
  return undefined;
}

/** The first painted background behind `root`; behind them all is the browser's own canvas. */
function paintedGround(root: HTMLElement): Ground {
  const brush = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (!brush || !root.isConnected) return UNKNOWN;
  for (let node = parentOf(root); node; node = parentOf(node)) {
    const color = getComputedStyle(node).backgroundColor;
    const [lightness, opacity] = sample(brush, color);
    if (opacity > 127) return { isDark: lightness < 128, color };
  }
  const color = vscodeGround() ?? browserCanvas();
  return { isDark: sample(brush, color)[0] < 128, color };
}

function parentOf(node: Element): Element | null {
  const root = node.getRootNode();
  return node.parentElement ?? (root instanceof ShadowRoot ? root.host : null);
}

/** Lightness and opacity from 0 to 255 of any CSS colour; painted, because hosts write colours in many notations. */
function sample(brush: CanvasRenderingContext2D, color: string): [number, number] {
  brush.clearRect(0, 0, 1, 1);
  brush.fillStyle = color;
  brush.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0, opacity = 0] = brush.getImageData(0, 0, 1, 1).data;
  return [0.2126 * red + 0.7152 * green + 0.0722 * blue, opacity];
}

/** VS Code's page of outputs has no ground of its own: the notebook is seen through it. */
function vscodeGround(): string | undefined {
  if (document.body.dataset.vscodeThemeKind === undefined) return undefined;
  const style = getComputedStyle(document.documentElement);
  const colors = GROUNDS.map((name) => style.getPropertyValue(`--vscode-${name}`).trim());
  return colors.find((color) => color !== "");
}

/** White, or nearly black where the page follows the reader's preference for dark. A view may have its own scheme. */
function browserCanvas(): string {
  const probe = document.createElement("span");
  probe.style.color = "Canvas";
  document.documentElement.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
