import { computed, type ReadonlySignal } from "@preact/signals-core";
import { textParts } from "../../core/look/text-parts";
import {
  COMFORTABLE_HEIGHT,
  layoutTokens,
  layoutVisible,
  rowsInRoom,
  type TokenLayout,
} from "../../core/look/token-layout";
import type { Axis } from "../../core/reduce/axis";
import { type Side, sideLookedFrom } from "../../core/state/side";
import { element } from "../../dom/element";
import { densityOf, reportWidth, seenOf, type VisibleStretch, widthOf } from "../../dom/size";
import { effectUntil } from "../../dom/until";
import type { LinesPicture } from "../../draw/lines/line-picture";
import type { LineStrength } from "../../draw/lines/strength";
import { followPicture, type LayerPicture } from "../scene/layer-picture";
import { lessRoom } from "../scene/room";
import type { Scene } from "../scene/scene";
import type { ShownHead } from "../scene/shown-heads";
import { windowedScene } from "../scene/windowed-scene";
import { mountMinimap } from "../tokens/minimap";
import { isEmptied } from "../tokens/readout";
import { mountWheelScrolling } from "../tokens/scrolling";
import { mountSegments } from "../tokens/segments";
import { mountColumn, widestToken } from "../tokens/token-columns";
import { mountTokenPointing } from "../tokens/token-pointing";
import { marksOf, markWeights } from "../tokens/weight-marks";
import { mountLineNumbers, mountStripNumbers } from "./head-numbers";
import { lineStrength, mountStrengthLegend } from "./line-strength";
import { LinesCanvas } from "./lines-canvas";

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

/** The height of the titles above the rows, of the legend below them, and a little spare, in CSS pixels. */
const TITLES = 26 + 22;

/** The two columns of tokens with the lines of the active heads between them. */
export function mountLines(parent: HTMLElement, whole: Scene, signal: AbortSignal): LineArea {
  const room = lessRoom(whole.room, TITLES);
  const rows = computed(() => rowsInRoom(room.value));
  const scene = { ...windowedScene(whole, rows, signal), room };
  const { picture: layerPicture, painted } = followPicture(scene, signal);
  const { heads, focus } = layerPicture;
  const columns = {
    query: mountColumn("query", scene, focus, signal),
    key: mountColumn("key", scene, focus, signal),
  };
  const canvas = element("canvas", { "aria-hidden": "true" });
  const between = element("div", { class: "hs-between" }, canvas);
  const heading = titles(scene, signal);
  const area = element("div", { class: "hs-lines" }, ...Object.values(heading), columns.query.value.list, between);
  area.append(columns.key.value.list);
  const box = element("div", { class: "hs-scroll" }, area);
  reportWidth(box, signal);
  const seen = seenOf(box, signal);
  const map = mountMinimap(scene, layerPicture, signal);
  const layout = layoutOf(scene);
  const strength = lineStrength(scene, heads, layout);
  const legend = mountStrengthLegend(strength, focus, signal);
  parent.append(element("div", { class: "hs-with-minimap" }, map, box), legend);
  mountTokenPointing(area, columns, scene, signal);
  mountWheelScrolling(area, scene, signal);
  mountSegments(area, scene, signal);

  const picture = pictureOf(strength, layout, widthOf(between, USUAL_WIDTH, signal), densityOf(signal));
  const paper = new LinesCanvas(canvas);
  effectUntil(signal, () => {
    const { rowHeight, height } = layout.value;
    area.style.setProperty("--hs-row", `${rowHeight}px`);
    area.style.setProperty("--hs-height", `${height}px`);
    for (const side of ["query", "key"] as const) {
      area.style.setProperty(`--hs-${side}-width`, String(widestToken(scene.wholeMap.value, side)));
    }
    const map = scene.wholeMap.value;
    area.toggleAttribute(
      "data-parts",
      map !== undefined && textParts(map, "query").length + textParts(map, "key").length > 0,
    );
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
  const marks = computed(() => marksOf(heads.value, focus.value.lines, sideLookedFrom(scene.context.options.aids)));
  effectUntil(signal, () => {
    area.classList.toggle("hs-single", heads.value.length === 1);
    markWeights(columns.query.value, heads.value, marks.value.query);
    markWeights(columns.key.value, heads.value, marks.value.key);
  });
  mountLineNumbers(between, picture, focus, signal);
  mountStripNumbers(heading, area, scene, heads, marks, signal);
  effectUntil(signal, () => {
    const { tokens, start } = columns.query.value;
    const without = scene.shownMap.value?.without ?? [];
    tokens.forEach((token, index) => {
      const isEmpty = heads.value.length > 0 && isEmptied(heads.value, without, start + index);
      token.classList.toggle("hs-emptied", isEmpty);
    });
  });
  return {
    ...layerPicture,
    area,
    box,
    seen,
    scene,
    layout,
  };
}

function layoutOf(scene: Scene): ReadonlySignal<TokenLayout> {
  return computed(() => {
    const { query_tokens, key_tokens } = scene.description.value ?? { query_tokens: [], key_tokens: [] };
    const shownMap = scene.shownMap.value;
    if (shownMap && scene.rowWindow?.extents.value) {
      const rows = ({ groups, visibleRows }: Axis) => ({ rows: groups.length, visible: visibleRows });
      return layoutVisible(rows(shownMap.queries), rows(shownMap.keys), scene.rowWindow.size);
    }
    return layoutTokens(query_tokens.length, key_tokens.length, {
      ...scene.ranges.value,
      room: Math.min(COMFORTABLE_HEIGHT, scene.room.value),
    });
  });
}

function pictureOf(
  strength: ReadonlySignal<LineStrength<ShownHead>>,
  layout: ReadonlySignal<TokenLayout>,
  width: ReadonlySignal<number>,
  density: ReadonlySignal<number>,
): ReadonlySignal<LinesPicture<ShownHead>> {
  return computed(() => {
    void density.value;
    return { strength: strength.value, layout: layout.value, width: width.value };
  });
}

function titles(scene: Scene, signal: AbortSignal): Readonly<Record<Side | "direction", HTMLElement>> {
  const title = (side: Side) => element("div", { class: `hs-title hs-${side}` }, side);
  const direction = element("div", { class: "hs-title hs-direction" });
  effectUntil(signal, () => {
    const isOut = sideLookedFrom(scene.context.options.aids) === "query";
    const words = element("span", {}, isOut ? "attends to " : " attended to by");
    direction.replaceChildren(...(isOut ? [words, "→"] : ["←", words]));
  });
  return { query: title("query"), direction, key: title("key") };
}
