import { computed, type ReadonlySignal } from "@preact/signals-core";
import { formatWeight } from "../../core/look/format";
import { layerName } from "../../core/look/layer-name";
import { headName } from "../../core/look/view-title";
import type { HeadWeights } from "../../core/weights/head-weights";
import { element } from "../../dom/element";
import { effectUntil } from "../../dom/until";
import type { Overviews } from "../fetch/fetch-overviews";
import { noteNameOf, noteOfHead } from "../notes/head-notes";
import type { Scene } from "../scene/scene";
import { SCALES } from "../scene/weight-scale";
import { painterOf, type ThumbnailLook, topOf } from "./thumbnail-canvas";
import type { LayerHead } from "./thumbnail-pointing";

/** The side of the preview in CSS pixels, and its distance from the thumbnail. */
const SIDE = 204;
const AWAY = 8;

/** Shows the head under the pointer, or with the focus, at about five times its size, beside its thumbnail. */
export function mountPreview(
  table: HTMLElement,
  scene: Scene,
  pointed: ReadonlySignal<LayerHead | null>,
  overviews: ReadonlySignal<Overviews>,
  look: ReadonlySignal<ThumbnailLook>,
  signal: AbortSignal,
): void {
  const canvas = element("canvas", { "aria-hidden": "true" });
  const name = element("div", { class: "hs-preview-name" });
  const said = element("div", { class: "hs-preview-note" });
  const note = element("div", { class: "hs-quiet" });
  const preview = element(
    "div",
    { class: "hs-preview", "aria-hidden": "true", hidden: true },
    canvas,
    name,
    said,
    note,
  );
  const found = computed(() => pointed.value && findHead(pointed.value, overviews.value));
  effectUntil(signal, () => {
    const cell = pointed.value && cellOf(table, pointed.value);
    const root = table.closest<HTMLElement>(".headscope");
    preview.hidden = !found.value || !cell || !root;
    if (preview.hidden || !found.value || !pointed.value || !cell || !root) return;
    const { layer, head } = pointed.value;
    if (preview.parentElement !== root) root.append(preview);
    drawHead(canvas, look.value, layer, found.value);
    name.textContent = `Layer ${layerName(scene.wholeMap.value, layer)}, ${headName(head, noteNameOf(scene, layer, head))}`;
    said.textContent = noteOfHead(scene, layer, head)?.text ?? "";
    said.hidden = said.textContent === "";
    note.textContent = noteOf(scene, look.value, found.value);
    placeBeside(preview, cell, root);
  });
}

interface FoundHead {
  readonly row: readonly HeadWeights[];
  readonly weights: HeadWeights;
}

function findHead({ layer, head }: LayerHead, { shape, rows }: Overviews): FoundHead | null {
  const at = shape?.rows.findIndex((one) => one.layer === layer) ?? -1;
  const row = rows[at];
  const weights = row?.[shape?.rows[at]?.heads.indexOf(head) ?? -1];
  return row && weights ? { row, weights } : null;
}

function cellOf(table: HTMLElement, { layer, head }: LayerHead): HTMLElement | null {
  return table.querySelector(`[data-layer="${layer}"][data-head="${head}"]`);
}

function drawHead(canvas: HTMLCanvasElement, look: ThumbnailLook, layer: number, { row, weights }: FoundHead): void {
  const side = Math.round(SIDE * (globalThis.devicePixelRatio || 1));
  canvas.width = side;
  canvas.height = side;
  const image = new ImageData(side, side);
  painterOf(look, layer, row)(image, { x: 0, y: 0, width: side, height: side }, weights);
  canvas.getContext("2d")?.putImageData(image, 0, 0);
}

function noteOf({ wholeMap }: Scene, look: ThumbnailLook, { row, weights }: FoundHead): string {
  if (look.kind === "lines") {
    const strength = [
      ...(look.scale === "linear" ? [] : [SCALES[look.scale]]),
      ...(look.gain ? [`×${look.gain}`] : []),
    ];
    return ["queries left, keys right", ...strength].join(", ");
  }
  const tokens = wholeMap.value?.query_tokens.length ?? 0;
  const bins = tokens > 2 * weights.numQueries ? `, largest of ${Math.ceil(tokens / weights.numQueries)} tokens` : "";
  return `${SCALES[look.scale]}, 0 to ${formatWeight(topOf(look, row, weights))}${bins}`;
}

/** To the right of the cell, or to the left where there is no room. */
function placeBeside(preview: HTMLElement, cell: HTMLElement, root: HTMLElement): void {
  const [from, within] = [cell.getBoundingClientRect(), root.getBoundingClientRect()];
  const [width, height] = [preview.offsetWidth, preview.offsetHeight];
  const right = from.right - within.left + AWAY;
  const left = right + width > within.width ? from.left - within.left - AWAY - width : right;
  const top = Math.min(from.top - within.top - height / 3, within.height - height);
  preview.style.left = `${Math.max(0, left)}px`;
  preview.style.top = `${Math.max(0, top)}px`;
}
