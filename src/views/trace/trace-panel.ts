import { computed, signal as signalOf } from "@preact/signals-core";
import type { MapDescription } from "../../contract.gen";
import { css, heatIndex } from "../../core/look/colors";
import { formatWeight } from "../../core/look/format";
import { layerName } from "../../core/look/layer-name";
import { headName } from "../../core/look/view-title";
import type { TracedHead } from "../../core/reduce/trace";
import { element, setAttribute } from "../../dom/element";
import { tokenText } from "../../dom/token";
import { effectUntil } from "../../dom/until";
import { noteNameOf } from "../notes/head-notes";
import { goToHead } from "../scene/choose-head";
import type { Scene } from "../scene/scene";
import { type Trace, watchTrace } from "./fetch-trace";

/** The trace of a view: the switch in its toolbar, and the map under it. */
export interface TraceControls {
  readonly control: HTMLElement;
  readonly panel: HTMLElement;
}

interface Cell extends TracedHead {
  readonly layer: number;
  readonly head: number;
}

const HINT = "Pin a token: click one. The map then says how strongly each head looks from it, or at it.";
/** How many heads are named. */
const NAMED = 5;
/** The side of a cell in CSS pixels: as large as fits, within these. */
const LARGEST = 16;
const SMALLEST = 3;
const ROOM = { width: 640, height: 160 };

export function tracePanel(scene: Scene, signal: AbortSignal): TraceControls {
  const { trace: isOpen } = scene.context.options;
  const button = element("button", { type: "button", class: "hs-button hs-menu-button hs-trace-switch" }, "Trace");
  button.dataset.icon = "trace";
  button.title = "Which head does it? A map of all layers and heads for the pinned token";
  button.addEventListener(
    "click",
    () => {
      isOpen.value = !isOpen.value;
    },
    { signal },
  );
  const trace = watchTrace(scene, signal);
  const cells = computed(() => cellsOf(trace.value));
  const top = computed(() => Math.max(0, ...cells.value.map(({ weight }) => weight || 0)));
  const cursor = signalOf<Pick<Cell, "layer" | "head"> | null>(null);
  const title = element("div", { class: "hs-trace-title" });
  const canvas = element("canvas", {
    class: "hs-trace-map",
    tabindex: 0,
    role: "img",
    "aria-roledescription": "map of heads",
  });
  const readout = element("div", { class: "hs-trace-readout", role: "status" });
  const named = element("div", { class: "hs-trace-named", role: "group", "aria-label": "Strongest heads" });
  const axes = element("div", { class: "hs-quiet hs-trace-axes" });
  const said = element("div", { class: "hs-trace-said" }, title, readout, named, axes);
  const panel = element("div", { class: "hs-trace" });
  mountPointing(canvas, scene, cursor, signal);
  effectUntil(signal, () => {
    setAttribute(button, "aria-pressed", String(isOpen.value));
    panel.hidden = !isOpen.value;
    panel.replaceChildren(...(isOpen.value ? [canvas, said] : []));
  });
  effectUntil(signal, () => {
    const [map, now] = [scene.wholeMap.value, trace.value];
    canvas.hidden = !now;
    axes.hidden = !now;
    title.textContent = now && map ? titleOf(now, map) : HINT;
    setAttribute(
      canvas,
      "aria-label",
      now ? `${title.textContent}. Arrow keys move, Enter shows the head.` : undefined,
    );
    const legend = `layers down, heads across; square root, 0 to ${formatWeight(top.value)}`;
    const state = now?.problem || (now && !now.isDone ? "computing …" : "");
    axes.textContent = [legend, state].filter(Boolean).join("; ");
  });
  effectUntil(signal, () => {
    const map = scene.wholeMap.value;
    if (!map || !trace.value) return;
    paint(canvas, scene, map, cells.value, top.value, cursor.value);
  });
  effectUntil(signal, () => {
    const at = cursor.value;
    const found = at && cells.value.find(({ layer, head }) => layer === at.layer && head === at.head);
    readout.replaceChildren(...(found ? cellWords(found, scene) : ["\u00a0"]));
    readout.hidden = !trace.value;
  });
  const strongest = computed(() =>
    cells.value
      .filter(({ weight }) => weight > 0)
      .sort((a, b) => b.weight - a.weight)
      .slice(0, NAMED),
  );
  effectUntil(signal, () => {
    named.hidden = strongest.value.length === 0;
    named.replaceChildren(...strongest.value.map((cell) => headButton(cell, scene, signal)));
  });
  return { control: element("div", { class: "hs-control", "data-keep": true }, button), panel };
}

function cellsOf(trace: Trace | null): readonly Cell[] {
  return (trace?.layers ?? []).flatMap((heads, layer) => (heads ?? []).map((one, head) => ({ ...one, layer, head })));
}

function wordOf(tokens: readonly string[], at: number): string {
  const token = tokens[at] ?? "";
  const { lead, text } = tokenText(token, 24);
  return tokens.indexOf(token) === tokens.lastIndexOf(token) ? `“${lead}${text}”` : `“${lead}${text}” [${at}]`;
}

function titleOf({ traced: { query, key } }: Trace, { query_tokens, key_tokens }: MapDescription): string {
  const from = query === null ? "" : wordOf(query_tokens, query);
  const to = key === null ? "" : wordOf(key_tokens, key);
  if (from && to) return `From ${from} to ${to}`;
  return from ? `From ${from} to its strongest key` : `To ${to}, mean over all queries`;
}

function cellWords({ layer, head, weight, key }: Cell, scene: Scene): (Node | string)[] {
  const map = scene.wholeMap.value;
  const name = `Layer ${layerName(map, layer)}, ${headName(head, noteNameOf(scene, layer, head))}   `;
  const number = Number.isNaN(weight) ? "missing" : formatWeight(weight);
  const to = key === null || !map ? [] : [" → ", element("bdi", { class: "hs-word" }, wordOf(map.key_tokens, key))];
  return [name, element("b", {}, number), ...to];
}

function headButton(cell: Cell, scene: Scene, signal: AbortSignal): HTMLElement {
  const { layer, head } = cell;
  const button = element("button", { type: "button", class: "hs-button hs-trace-head" });
  button.append(`L${layerName(scene.wholeMap.value, layer)} H${head} `, element("b", {}, formatWeight(cell.weight)));
  button.title = noteNameOf(scene, layer, head) || "Show this head";
  button.addEventListener("click", () => goToHead(scene, scene.context.selection.map.peek(), layer, head), { signal });
  return button;
}

/** The side of a cell for a map of so many layers and heads. */
function pitchOf({ num_layers, num_heads }: MapDescription): number {
  const fitting = Math.min(ROOM.width / Math.max(...num_heads), ROOM.height / num_layers);
  return Math.max(SMALLEST, Math.min(LARGEST, Math.floor(fitting)));
}

function paint(
  canvas: HTMLCanvasElement,
  scene: Scene,
  map: MapDescription,
  cells: readonly Cell[],
  top: number,
  cursor: Pick<Cell, "layer" | "head"> | null,
): void {
  const pitch = pitchOf(map);
  const [width, height] = [Math.max(...map.num_heads) * pitch, map.num_layers * pitch];
  const ratio = globalThis.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  canvas.dataset.pitch = String(pitch);
  const ink = canvas.getContext("2d");
  if (!ink) return;
  ink.scale(ratio, ratio);
  const gap = pitch > 6 ? 1 : 0;
  const colors = scene.heat.value;
  for (const { layer, head, weight } of cells) {
    if (Number.isNaN(weight)) ink.fillStyle = "#80808040";
    else {
      const entry = 3 * heatIndex(Math.max(0, weight), "sqrt", top || 1);
      const [red = 0, green = 0, blue = 0] = colors.subarray(entry, entry + 3);
      ink.fillStyle = css([red, green, blue]);
    }
    ink.fillRect(head * pitch, layer * pitch, pitch - gap, pitch - gap);
  }
  ink.strokeStyle = getComputedStyle(canvas).color;
  const shown = scene.heads.value.length < scene.numHeads.value ? scene.heads.value : [];
  for (const head of shown) frame(ink, scene.layer.value, head, pitch, 1);
  if (cursor) frame(ink, cursor.layer, cursor.head, pitch, 2);
}

function frame(ink: CanvasRenderingContext2D, layer: number, head: number, pitch: number, width: number): void {
  ink.lineWidth = width;
  ink.strokeRect(
    head * pitch + width / 2 - 0.5,
    layer * pitch + width / 2 - 0.5,
    pitch - width + 0.5,
    pitch - width + 0.5,
  );
}

/** The pointer and the arrow keys move the cursor; a click and Enter show its head. */
function mountPointing(
  canvas: HTMLCanvasElement,
  scene: Scene,
  cursor: { value: Pick<Cell, "layer" | "head"> | null; peek(): Pick<Cell, "layer" | "head"> | null },
  signal: AbortSignal,
): void {
  const within = (layer: number, head: number) => {
    const counts = scene.wholeMap.peek()?.num_heads ?? [];
    const at = Math.max(0, Math.min(layer, counts.length - 1));
    return { layer: at, head: Math.max(0, Math.min(head, (counts[at] ?? 1) - 1)) };
  };
  const choose = () => {
    const at = cursor.peek();
    if (at) goToHead(scene, scene.context.selection.map.peek(), at.layer, at.head);
  };
  const leave = () => {
    cursor.value = null;
  };
  const point = ({ clientX, clientY }: MouseEvent) => {
    const { left, top } = canvas.getBoundingClientRect();
    const pitch = Number(canvas.dataset.pitch) || 1;
    cursor.value = within(Math.floor((clientY - top) / pitch), Math.floor((clientX - left) / pitch));
  };
  const start = () => {
    cursor.value ??= within(scene.layer.peek(), scene.heads.peek()[0] ?? 0);
  };
  canvas.addEventListener("pointermove", point, { signal });
  canvas.addEventListener("pointerleave", leave, { signal });
  canvas.addEventListener("blur", leave, { signal });
  canvas.addEventListener("focus", () => canvas.matches(":focus-visible") && start(), { signal });
  canvas.addEventListener(
    "click",
    (event) => {
      point(event);
      choose();
    },
    { signal },
  );
  canvas.addEventListener(
    "keydown",
    (event) => {
      const step = STEPS[event.key];
      if (!step && event.key !== "Enter" && event.key !== " ") return;
      start();
      const { layer, head } = cursor.peek() ?? { layer: 0, head: 0 };
      if (step) cursor.value = within(layer + step[0], head + step[1]);
      else choose();
      event.preventDefault();
      event.stopPropagation();
    },
    { signal },
  );
}

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
};
