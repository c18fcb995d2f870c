import { computed } from "@preact/signals-core";
import { css } from "../../core/look/colors";
import { attentionAlong, profileOf } from "../../core/reduce/profile";
import type { Side } from "../../core/state/side";
import { element } from "../../dom/element";
import { effectUntil } from "../../dom/until";
import type { LayerPicture } from "../scene/layer-picture";
import type { Scene } from "../scene/scene";
import { showsOneText } from "../scene/scene";
import { scrollRows } from "./scrolling";

/** The number of parts into which the text is divided. */
const BINS = 160;

/**
 * All tokens of a long map from the first to the last, with the visible window, and the attention of the selected token
 * or of the visible ones. A press or a drag moves the window. There is one minimap per side unless both sides are one
 * text.
 */
export function mountMinimap(scene: Scene, picture: LayerPicture, signal: AbortSignal): HTMLElement {
  const box = element("div", { class: "hs-minimaps" });
  const sides = computed<string>(() => {
    if (!scene.rowWindow?.extents.value) return "";
    return showsOneText(scene) ? "shared" : "query key";
  });
  const bars = { query: bar(scene, picture, "query", signal), key: bar(scene, picture, "key", signal) };
  effectUntil(signal, () => {
    box.hidden = sides.value === "";
    const shown = sides.value === "query key" ? [bars.query, bars.key] : sides.value === "" ? [] : [bars.key];
    box.replaceChildren(...shown);
  });
  return box;
}

function bar(scene: Scene, picture: LayerPicture, side: Side, signal: AbortSignal): HTMLElement {
  const canvas = element("canvas", { width: 1, height: BINS, "aria-hidden": "true" });
  const frame = element("div", { class: "hs-minimap-frame" });
  const root = element(
    "div",
    { class: "hs-minimap", role: "scrollbar", tabindex: 0, "data-side": side },
    canvas,
    frame,
  );
  root.setAttribute("aria-orientation", "vertical");
  const profile = computed(() => {
    const shownMap = scene.shownMap.value;
    if (!shownMap?.isRemote) return null;
    const { query, key } = picture.focus.value.lines;
    const heads = picture.heads.value.map((head) => head.weights);
    // The attention along the keys comes from queries, and vice versa.
    const [from, at] = side === "key" ? (["query", query] as const) : (["key", key] as const);
    const values = attentionAlong(
      heads,
      from,
      at,
      from === "query" ? shownMap.queries.visibleRows : shownMap.keys.visibleRows,
    );
    return profileOf(side === "key" ? shownMap.keys : shownMap.queries, values, BINS);
  });
  effectUntil(signal, () => paint(canvas, profile.value, scene.heat.value));
  effectUntil(signal, () => publishExtent(root, frame, scene, side));
  mountDragging(root, scene, side, signal);
  return root;
}

function paint(canvas: HTMLCanvasElement, profile: Float32Array | null, table: Uint8ClampedArray): void {
  const context = canvas.getContext("2d");
  if (!context || !profile) return;
  context.clearRect(0, 0, 1, BINS);
  profile.forEach((value, bin) => {
    if (!(value > 0)) return;
    // The square root makes weak attention visible too.
    const entry = 3 * Math.round(255 * Math.sqrt(value));
    context.fillStyle = css([table[entry] as number, table[entry + 1] as number, table[entry + 2] as number]);
    context.fillRect(0, bin, 1, 1);
  });
}

function publishExtent(root: HTMLElement, frame: HTMLElement, scene: Scene, side: Side): void {
  const extent = scene.rowWindow?.extents.value?.[side];
  if (!extent) return;
  const { rows, first, stop } = extent;
  frame.style.top = `${(100 * first) / rows}%`;
  frame.style.height = `${(100 * (stop - first)) / rows}%`;
  const name = showsOneText(scene) ? "Tokens" : side === "query" ? "Query tokens" : "Key tokens";
  root.setAttribute("aria-label", `${name} in sight`);
  root.setAttribute("aria-valuemin", "0");
  root.setAttribute("aria-valuemax", String(rows - (stop - first)));
  root.setAttribute("aria-valuenow", String(first));
  root.setAttribute("aria-valuetext", `${first} to ${stop - 1} of ${rows}`);
  root.title = `${name} ${first.toLocaleString("en")}–${(stop - 1).toLocaleString("en")} of ${rows.toLocaleString("en")}: press or drag to go elsewhere`;
}

function mountDragging(root: HTMLElement, scene: Scene, side: Side, signal: AbortSignal): void {
  const extent = (): { rows: number; first: number; size: number } | null => {
    const found = scene.rowWindow?.extents.peek()?.[side];
    return found ? { rows: found.rows, first: found.first, size: found.stop - found.first } : null;
  };
  const go = (event: PointerEvent) => {
    const now = extent();
    const { top, height } = root.getBoundingClientRect();
    if (now && height > 0)
      scene.rowWindow?.move(side, Math.round(((event.clientY - top) / height) * now.rows - now.size / 2));
  };
  const down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    root.setPointerCapture?.(event.pointerId);
    go(event);
  };
  const press = (event: KeyboardEvent) => {
    const now = extent();
    if (!now || event.ctrlKey || event.metaKey || event.altKey) return;
    const ways: Record<string, number> = {
      ArrowUp: -1,
      ArrowDown: 1,
      PageUp: -now.size,
      PageDown: now.size,
      Home: -now.rows,
      End: now.rows,
    };
    const way = ways[event.key];
    if (way === undefined) return;
    scene.rowWindow?.move(side, now.first + way);
    event.preventDefault();
    event.stopPropagation();
  };
  const wheel = (event: WheelEvent) => {
    if (scrollRows(scene, Math.sign(event.deltaY) * 3)) event.preventDefault();
  };
  root.addEventListener("pointerdown", down, { signal });
  root.addEventListener("pointermove", (event) => event.buttons === 1 && go(event), { signal });
  root.addEventListener("keydown", press, { signal });
  root.addEventListener("wheel", wheel, { signal, passive: false });
}
