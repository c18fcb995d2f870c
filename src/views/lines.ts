import { computed, type ReadonlySignal } from "@preact/signals-core";
import type { Axis } from "../core/axis";
import { layoutInSight, layoutTokens, type TokenLayout } from "../core/layout";
import { element } from "../dom/element";
import { densityOf, type Stretch, seenOf, tellWidth, widthOf } from "../dom/size";
import { effectUntil } from "../dom/until";
import { mountColumn, type Side, widestToken } from "./columns";
import { sideLookedFrom } from "./direction";
import { followPicture, type LayerPicture } from "./layer-picture";
import { LinesCanvas, type LinesPicture } from "./lines-canvas";
import { marksOf, markTokens } from "./marks";
import { mountMinimap } from "./minimap";
import { mountMoving } from "./moving";
import { mountPointing } from "./pointing";
import type { Scene } from "./scene";
import { mountSegments } from "./segments";
import type { ShownHead } from "./shown-heads";
import { inSight } from "./sight";

/** The width of the picture between the tokens while it stands in no page, in CSS pixels. */
const USUAL_WIDTH = 320;

/** A picture in lines, with what it is made of: for what stands beside the keys. */
export interface LineArea extends LayerPicture {
  /** The grid of titles, tokens and lines. */
  readonly area: HTMLElement;
  /** What scrolls the area, and what is seen of it. */
  readonly box: HTMLElement;
  readonly seen: ReadonlySignal<Stretch>;
  readonly layout: ReadonlySignal<TokenLayout>;
  /** What is shown: of a long map the stretch in sight, the rest by its place. */
  readonly scene: Scene;
}

/** How many tokens of a long map stand in sight, so that all rows fit into the view. */
const ROWS = 40;

/** The two columns of tokens with the lines of the active heads between them. */
export function mountLines(parent: HTMLElement, whole: Scene, signal: AbortSignal): LineArea {
  const scene = inSight(whole, ROWS, signal);
  const { picture: told, painted } = followPicture(scene, signal);
  const { heads, focus } = told;
  const columns = {
    query: mountColumn("query", scene, focus, signal),
    key: mountColumn("key", scene, focus, signal),
  };
  const canvas = element("canvas", { "aria-hidden": "true" });
  const between = element("div", { class: "hs-between" }, canvas);
  const area = element("div", { class: "hs-lines" }, ...titles(scene, signal), columns.query.value.list, between);
  area.append(columns.key.value.list);
  const box = element("div", { class: "hs-scroll" }, area);
  tellWidth(box, signal);
  const seen = seenOf(box, signal);
  const map = mountMinimap(scene, told, signal);
  parent.append(element("div", { class: "hs-with-minimap" }, map, box));
  mountPointing(area, columns, scene, signal);
  mountMoving(area, scene, signal);
  mountSegments(area, scene, signal);

  const picture = pictureOf(scene, heads, widthOf(between, USUAL_WIDTH, signal), densityOf(signal));
  const paper = new LinesCanvas(canvas);
  effectUntil(signal, () => {
    const { rowHeight, height } = picture.value.layout;
    area.style.setProperty("--hs-row", `${rowHeight}px`);
    area.style.setProperty("--hs-height", `${height}px`);
    for (const side of ["query", "key"] as const) {
      area.style.setProperty(`--hs-${side}-width`, String(widestToken(scene.whole.value, side)));
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
    markTokens(columns.query.value, heads.value, marks.query);
    markTokens(columns.key.value, heads.value, marks.key);
  });
  return {
    ...told,
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
    const { query_tokens, key_tokens } = scene.info.value ?? { query_tokens: [], key_tokens: [] };
    const lens = scene.lens.value;
    if (lens && scene.movable?.extents.value) {
      const rows = ({ groups, inSight }: Axis) => ({ rows: groups.length, inSight });
      return layoutInSight(rows(lens.queries), rows(lens.keys), scene.movable.size);
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
    direction.textContent = sideLookedFrom(scene.context.options.aids) === "query" ? "attends to →" : "← attended by";
  });
  return [title("query"), direction, title("key")];
}
