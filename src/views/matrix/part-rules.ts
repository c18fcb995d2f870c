import type { ReadonlySignal } from "@preact/signals-core";
import { MAP_GAP, type MatrixLayout, placeOf } from "../../core/look/matrix-layout";
import { partRows, type TextPart, textParts } from "../../core/look/text-parts";
import type { Span, Viewport } from "../../core/look/viewport";
import { AXES, type Side } from "../../core/state/side";
import { element } from "../../dom/element";
import { effectUntil } from "../../dom/until";
import type { Scene } from "../scene/scene";
import { type ComposedBlock, composedBlocks } from "./composed-blocks";

/** The space for the names of parts beside the names of tokens, in CSS pixels. */
export const PARTS = 15;

/** The width of a letter in the name of a block, in CSS pixels. */
const LETTER = 6;

/** In less than this, in CSS pixels, the name of a sentence is only its letter. */
const SHORT = 64;

/** Whether the text on an axis has named parts. */
export function hasParts({ wholeMap }: Pick<Scene, "wholeMap">): boolean {
  const map = wholeMap.value;
  return map !== undefined && textParts(map, "query").length + textParts(map, "key").length > 0;
}

/** Keeps the names of the parts of the text beside both axes, with rules through all maps where they meet. */
export function mountParts(
  scene: Scene,
  layout: ReadonlySignal<MatrixLayout>,
  viewport: ReadonlySignal<Viewport>,
  signal: AbortSignal,
): Readonly<Record<Side, HTMLElement>> {
  const holder = () => element("div", { class: "hs-parts", "aria-hidden": "true" });
  const holders = { query: holder(), key: holder() };
  effectUntil(signal, () => {
    const { queries, keys } = viewport.value;
    const { mapWidth, mapHeight, columns, rows } = layout.value;
    const [down, across] = [inSight(scene, "query", queries, mapHeight), inSight(scene, "key", keys, mapWidth)];
    const tops = Array.from({ length: rows }, (_, row) => placeOf(layout.value, row * columns)[1]);
    const lefts = Array.from({ length: columns }, (_, column) => column * (mapWidth + MAP_GAP));
    const blocks = composedBlocks(scene, viewport.value, mapWidth, mapHeight).filter(isNamed);
    holders.query.replaceChildren(
      ...tops.flatMap((top) => lefts.flatMap((left) => blocks.map((block) => blockName(block, top, left)))),
      ...tops.flatMap((top) => down.map((part) => label(part, "top", top, "height"))),
      ...tops.flatMap((top) => down.filter(isInside).map(({ from }) => rule("hs-rule-row", `top: ${top + from}px`))),
      ...tops.flatMap((top) =>
        lefts.flatMap((left) =>
          across
            .filter(isInside)
            .map(({ from }) => rule("hs-rule-column", `top: ${top}px; left: ${left + from}px; height: ${mapHeight}px`)),
        ),
      ),
    );
    holders.key.replaceChildren(...lefts.flatMap((left) => across.map((part) => label(part, "left", left, "width"))));
  });
  return holders;
}

/** A part in pixels from the edge of a map. */
interface Stretch {
  readonly name: string;
  readonly from: number;
  readonly extent: number;
}

/** The visible stretches of the parts of a side. */
function inSight(scene: Scene, side: Side, [start, stop]: Span, pixels: number): readonly Stretch[] {
  const [map, shownMap] = [scene.wholeMap.value, scene.shownMap.value];
  if (!map || !shownMap) return [];
  const cell = pixels / (stop - start);
  return partRows(textParts(map, side), shownMap[AXES[side]])
    .map(({ name, start: first, stop: end }: TextPart) => {
      const [from, to] = [Math.max(first, start), Math.min(end, stop)];
      return { name, from: (from - start) * cell, extent: (to - from) * cell };
    })
    .filter(({ extent }) => extent > 0);
}

/** Whether a part begins within a map, so that a rule shows where. */
function isInside({ from }: Stretch): boolean {
  return from > 0;
}

function label(
  { name, from, extent }: Stretch,
  edge: "top" | "left",
  at: number,
  size: "height" | "width",
): HTMLElement {
  const style = `${edge}: ${(at + from).toFixed(1)}px; ${size}: ${extent.toFixed(1)}px`;
  const text = extent < SHORT ? name.replace(/^Sentence /, "") : name;
  return element("div", { class: `hs-part-name hs-${edge}`, title: name, style }, text);
}

/** Whether a block has room for its name. */
export function isNamed({ name, width, height }: ComposedBlock): boolean {
  return width > LETTER * name.length + 16 && height > 32;
}

/** In the corner that is masked in causal attention, so that the name covers as few weights as possible. */
function blockName(block: ComposedBlock, top: number, left: number): HTMLElement {
  const style = `top: ${(top + block.top).toFixed(1)}px; left: ${(left + block.left + block.width).toFixed(1)}px`;
  return element("div", { class: "hs-block-name", style }, block.name);
}

function rule(kind: string, style: string): HTMLElement {
  return element("div", { class: kind, style });
}
