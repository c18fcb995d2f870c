import { computed, type ReadonlySignal, signal as signalOf } from "@preact/signals-core";
import type { Theme } from "../contract.gen";

/** Whether `root` stands on a dark ground: as `theme` says, or else as the page around it looks, now and later. */
export function darkness(root: HTMLElement, theme: ReadonlySignal<Theme>, signal: AbortSignal): ReadonlySignal<boolean> {
  const host = signalOf(hostIsDark(root));
  const look = () => {
    host.value = hostIsDark(root);
  };
  const watcher = new MutationObserver(look);
  for (const part of [document.documentElement, document.body]) watcher.observe(part, { attributes: true });
  // A view may be drawn before it is put into the page: its first size tells that it has a ground to stand on.
  const attached = new ResizeObserver(look);
  attached.observe(root);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", look, { signal });
  signal.addEventListener("abort", () => [watcher, attached].forEach((observer) => observer.disconnect()), { once: true });
  return computed(() => (theme.value === "auto" ? host.value : theme.value === "dark"));
}

function hostIsDark(root: HTMLElement): boolean {
  const { classList, dataset } = document.body;
  if (dataset.jpThemeLight) return dataset.jpThemeLight === "false";
  if (classList.contains("vscode-light") || classList.contains("vscode-high-contrast-light")) return false;
  if (classList.contains("vscode-dark") || classList.contains("vscode-high-contrast")) return true;
  return groundIsDark(root);
}

/** Looks for the first painted background behind `root`; behind them all is the browser's own canvas. */
function groundIsDark(root: HTMLElement): boolean {
  const brush = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (!brush || !root.isConnected) return false;
  for (let node = parentOf(root); node; node = parentOf(node)) {
    const [lightness, opacity] = sample(brush, getComputedStyle(node).backgroundColor);
    if (opacity > 127) return lightness < 128;
  }
  return sample(brush, browserCanvas(root))[0] < 128;
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

/** White, or nearly black where the page follows the reader's preference for dark. */
function browserCanvas(root: HTMLElement): string {
  const probe = document.createElement("span");
  probe.style.color = "Canvas";
  root.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
