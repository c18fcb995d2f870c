import { computed, type ReadonlySignal } from "@preact/signals-core";
import { layoutTokens, layoutVisible, type TokenLayout } from "../../core/look/token-layout";
import type { Axis } from "../../core/reduce/axis";
import { type Side, sideLookedFrom } from "../../core/state/side";
import { element } from "../../dom/element";
import { densityOf, reportWidth, seenOf, type VisibleStretch, widthOf } from "../../dom/size";
import { effectUntil } from "../../dom/until";
import { followPicture, type LayerPicture } from "../scene/layer-picture";
import type { Scene } from "../scene/scene";
import type { ShownHead } from "../scene/shown-heads";
import { windowedScene } from "../scene/windowed-scene";
import { mountMinimap } from "../tokens/minimap";
import { mountWheelScrolling } from "../tokens/scrolling";
import { mountSegments } from "../tokens/segments";
import { mountColumn, widestToken } from "../tokens/token-columns";
import { mountTokenPointing } from "../tokens/token-pointing";
import { marksOf, markWeights } from "../tokens/weight-marks";
import { LinesCanvas, type LinesPicture } from "./lines-canvas";

/** The width of the picture between the tokens before it is in a page, in CSS pixels. */
const USUAL_WIDTH = 320;

/** A picture in lines and its parts, for columns that are added beside the keys. */
export interface LineArea extends LayerPicture {
  /** The grid of titles, tokens and lines. */
  readonly area: HTMLElement;
  /** The element that scrolls the area, and the stretch of the area that is visible. */
  readonly box: HTMLElement;
  readonly seen: ReadonlySignal<VisibleStretch>;
  readonly layout: ReadonlySignal<TokenLayout>;
  /** The scene of the picture, with the window of visible tokens on a long map. */
  readonly scene: Scene;
}

/** The most visible tokens of a long map, so that all rows fit into the view. */
const ROWS = 40;

/** The two columns of tokens with the lines of the active heads between them. */
export function mountLines(parent: HTMLElement, whole: Scene, signal: AbortSignal): LineArea {
  const scene = windowedScene(whole, ROWS, signal);
  const { picture: layerPicture, painted } = followPicture(scene, signal);
  const { heads, focus } = layerPicture;
  const columns = {
    query: mountColumn("query", scene, focus, signal),
    key: mountColumn("key", scene, focus, signal),
  };
  const canvas = element("canvas", { "aria-hidden": "true" });
  const between = element("div", { class: "hs-between" }, canvas);
  const area = element("div", { class: "hs-lines" }, ...titles(scene, signal), columns.query.value.list, between);
  area.append(columns.key.value.list);
  const box = element("div", { class: "hs-scroll" }, area);
  reportWidth(box, signal);
  const seen = seenOf(box, signal);
  const map = mountMinimap(scene, layerPicture, signal);
  parent.append(element("div", { class: "hs-with-minimap" }, map, box));
  mountTokenPointing(area, columns, scene, signal);
  mountWheelScrolling(area, scene, signal);
  mountSegments(area, scene, signal);

  const picture = pictureOf(scene, heads, widthOf(between, USUAL_WIDTH, signal), densityOf(signal));
  const paper = new LinesCanvas(canvas);
  effectUntil(signal, () => {
    const { rowHeight, height } = picture.value.layout;
    area.style.setProperty("--hs-row", `${rowHeight}px`);
    area.style.setProperty("--hs-height", `${height}px`);
    for (const side of ["query", "key"] as const) {
      area.style.setProperty(`--hs-${side}-width`, String(widestToken(scene.wholeMap.value, side)));
    }
    area.dataset.rows = rowHeight < 16 ? "low" : "tall";
  });
  effectUntil(signal, () => {
    const { lines } = focus.value;
    if (heads.value.length === 0) paper.clear();
    else if (lines.query === null && lines.key === null) paper.paintAll(picture.value);
    else paper.paintSome(picture.value, lines, seen.value);
    between.classList.toggle("hs-empty", heads.value.length === 0);
    painted();
  });
  effectUntil(signal, () => {
    const { lines } = focus.value;
    area.classList.toggle("hs-single", heads.value.length === 1);
    const marks = marksOf(heads.value, lines, sideLookedFrom(scene.context.options.aids));
    markWeights(columns.query.value, heads.value, marks.query);
    markWeights(columns.key.value, heads.value, marks.key);
  });
  return {
    ...layerPicture,
    area,
    box,
    seen,
    scene,
    layout: computed(() => picture.value.layout),
  };
}

function pictureOf(
  scene: Scene,
  heads: ReadonlySignal<readonly ShownHead[]>,
  width: ReadonlySignal<number>,
  density: ReadonlySignal<number>,
): ReadonlySignal<LinesPicture> {
  const layout = computed(() => {
    const { query_tokens, key_tokens } = scene.description.value ?? { query_tokens: [], key_tokens: [] };
    const shownMap = scene.shownMap.value;
    if (shownMap && scene.rowWindow?.extents.value) {
      const rows = ({ groups, visibleRows }: Axis) => ({ rows: groups.length, visible: visibleRows });
      return layoutVisible(rows(shownMap.queries), rows(shownMap.keys), scene.rowWindow.size);
    }
    return layoutTokens(query_tokens.length, key_tokens.length, scene.ranges.value);
  });
  return computed(() => {
    void density.value;
    return { heads: heads.value, layout: layout.value, width: width.value };
  });
}

function titles(scene: Scene, signal: AbortSignal): HTMLElement[] {
  const title = (side: Side) => element("div", { class: `hs-title hs-${side}` }, side);
  const direction = element("div", { class: "hs-title hs-direction" });
  effectUntil(signal, () => {
    direction.textContent =
      sideLookedFrom(scene.context.options.aids) === "query" ? "attends to →" : "← attended to by";
  });
  return [title("query"), direction, title("key")];
}
