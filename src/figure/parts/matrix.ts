import { computed, signal } from "@preact/signals-core";
import type { PoolKind } from "../../contract.gen";
import { isComposed } from "../../core/composed/composed-map";
import { tag } from "../../core/look/markup";
import { CAPTION, labelStep, layoutMatrix, MAP_GAP, type MatrixLayout, placeOf } from "../../core/look/matrix-layout";
import type { Span, Viewport } from "../../core/look/viewport";
import { averageHeads } from "../../core/reduce/average-heads";
import { hasMask, sightOf, sightOfBins } from "../../core/reduce/sight";
import type { Side } from "../../core/state/side";
import { mosaicOf } from "../../core/tiles/mosaic";
import { binsIn, withinBins } from "../../core/tiles/tile-plan";
import { tileKey } from "../../core/tiles/tiles";
import type { HeadWeights } from "../../core/weights/head-weights";
import { tokenText } from "../../dom/token";
import { type HeatPart, headsOfMaps, quantityOf } from "../../views/heat/heat-source";
import { wholeTop } from "../../views/heat/heat-top";
import { type MatrixScene, matrixScene } from "../../views/heat/matrix-scene";
import { longestName } from "../../views/matrix/axis-labels";
import { composedBlocks } from "../../views/matrix/composed-blocks";
import { pixelColorsOf } from "../../views/matrix/paint-heat-map";
import { isNamed } from "../../views/matrix/part-rules";
import { heatScale, type ScaleEnd } from "../../views/scene/weight-scale";
import { findCombinedTiles } from "../../views/tiles/combined-tiles";
import type { TileName } from "../../views/tiles/recent-tiles";
import { planTileRequests } from "../../views/tiles/tile-request-plan";
import { tileColorTop } from "../../views/tiles/tile-tops";
import { textWidth } from "../paper/letters";
import { groupOf, headSquare, type MarkedPart, movedBy, rectAt, textAt } from "../paper/marks";
import type { Style } from "../paper/style";
import { colorsOf } from "../words";
import { heatMarks } from "./heat-maps";
import { heatLegend, type LegendText } from "./legends";
import { headsOf, type PanelInputs } from "./panel";

/** The least height of a name, and where longer names are cut, as on screen. */
const [NAME, LETTERS] = [11, 14];

/** What heat maps show: one part per map, and how weights become colours. */
interface Heat extends LegendText {
  readonly parts: readonly (HeatPart | null)[];
  readonly top: ScaleEnd;
  readonly least: number;
}

/** The active heads as heat maps, with queries down and keys across, and a legend. */
export function drawMatrix({ scene: given, held, panel, room, style }: PanelInputs): MarkedPart | null {
  const scene = matrixScene(given);
  const { queries, keys } = scene.ranges.value;
  const viewport: Viewport = panel.viewport ?? { queries, keys };
  const layout = layoutOf(scene, room);
  const heat = scene.isLong.value
    ? tiledHeat(scene, viewport, layout, { held, panel })
    : wholeHeat(scene, viewport, { held, panel });
  if (!heat) return null;
  const inks = pixelColorsOf({
    colors: scene.heat.value,
    scale: heatScale(scene).scale,
    top: heat.top.weight,
    least: heat.least,
  });
  const maps = headsOfMaps(scene);
  const body = [
    ...heat.parts.map((part, index) => (part ? heatMarks(part, layout, index, inks) : "")),
    ...maps.map((_, index) => frameMarks(scene, layout, index, viewport, style)),
    ...maps.map((_, index) => blockMarks(scene, layout, index, viewport, style)),
    ...(maps.length > 1 ? maps.map((head, index) => captionMarks(scene, layout, head, index, style)) : []),
  ];
  const legend = heatLegend(scene, heat, heat.top, style);
  const y = layout.top + layout.height + 8;
  return {
    marks: [
      cornerMarks(layout, style),
      nameMarks(scene, layout, viewport, style),
      movedBy(layout.left, layout.top, body.filter(Boolean).join("\n")),
      movedBy(0, y, legend.marks),
    ].join("\n"),
    width: Math.max(layout.left + layout.width, legend.width),
    height: y + legend.height,
  };
}

type Inputs = Pick<PanelInputs, "held" | "panel">;

function layoutOf(scene: MatrixScene, room: number): MatrixLayout {
  const { queries, keys } = scene.ranges.value;
  const shape = {
    numMaps: headsOfMaps(scene).length,
    numQueries: queries[1] - queries[0],
    numKeys: keys[1] - keys[0],
    queryLetters: longestName(scene.description.value?.query_tokens ?? []),
    keyLetters: longestName(scene.description.value?.key_tokens ?? []),
  };
  return layoutMatrix(shape, room);
}

function wholeHeat(scene: MatrixScene, viewport: Viewport, { held, panel }: Inputs): Heat | null {
  const heads = headsOf(scene, held, panel.capture);
  if (!heads) return null;
  const { combine } = scene.context.options;
  const weights = headsOfMaps(scene).map((head) => {
    if (head !== null) return heads.find((one) => one.head === head)?.weights ?? null;
    const all = heads.map((one) => one.weights);
    return combine.value === "each" || all.length === 0
      ? null
      : averageHeads(all, combine.value, isComposed(scene.wholeMap.value));
  });
  const wholes = heads.flatMap(({ whole }) => whole ?? []);
  const sight = scene.shownMap.value?.sight(wholes) ?? sightOf(wholes);
  return {
    parts: weights.map((one) => (one ? { weights: one, viewport, sight } : null)),
    isMasked: hasMask(sight),
    top: wholeTop(scene, weights, heads),
    least: 0,
    quantity: quantityOf(scene),
  };
}

/** Heat maps of a map that is too long to be held whole, from tiles at the resolution of the figure. */
function tiledHeat(scene: MatrixScene, viewport: Viewport, layout: MatrixLayout, { held, panel }: Inputs): Heat | null {
  const pixels = { width: 2 * layout.mapWidth, height: 2 * layout.mapHeight };
  const plan = planTileRequests(scene, { viewport: signal(viewport), pixels: signal(pixels) });
  const found = new Map<string, HeadWeights>();
  let isComplete = true;
  for (const tile of plan.tiles.value) {
    const { map, layer, head, pool, level, row, column } = tile;
    const request = { map, layer, heads: [head], pool, tiles: [[level, row, column]] };
    const answer = held.find<"tiles">({ capture: panel.capture, type: "tiles", request });
    if (answer) found.set(tileKey(tile), answer[0] as HeadWeights);
    else isComplete = false;
  }
  if (!isComplete) return null;
  const find = (tile: TileName) => found.get(tileKey(tile));
  const findIn = findCombinedTiles(scene, find);
  const { pooledLayer, level, top } = plan;
  const bins = binsIn(viewport, level.value);
  const whole = scene.heads.value.flatMap(
    (head) => findIn(pooledLayer.value, head)({ level: top.value, row: 0, column: 0 }) ?? [],
  );
  const sight = sightOfBins(whole, top.value, bins, scene.regions.value);
  const parts = headsOfMaps(scene).map((head) => {
    const weights = mosaicOf(bins, top.value, pooledLayer.value.pool, findIn(pooledLayer.value, head));
    return weights && { weights, viewport: withinBins(viewport, bins), sight };
  });
  return {
    parts,
    isMasked: hasMask(sight),
    top: tileColorTop(
      scene,
      plan,
      computed(() => pooledLayer.value),
      findIn,
    ).value,
    least: scene.context.options.aids.threshold.value ?? 0,
    quantity: pooledQuantity(scene, level.value, pooledLayer.value.pool),
  };
}

function pooledQuantity(scene: MatrixScene, level: number, pool: PoolKind): string {
  const side = 2 ** level;
  const how = pool === "max" ? "largest" : "mean";
  return side === 1 ? quantityOf(scene) : `${quantityOf(scene)}, ${how} in ${side} × ${side} tokens`;
}

function cornerMarks({ left, top }: MatrixLayout, style: Style): string {
  const look = { size: 12, fill: style.quiet, anchor: "end" as const };
  return [textAt(left - 6, top - 26, "key →", look), textAt(left - 6, top - 9, "query ↓", look)].join("\n");
}

/** The edge of a map, and the pinned row and column. */
function frameMarks(
  scene: MatrixScene,
  layout: MatrixLayout,
  index: number,
  { queries, keys }: Viewport,
  style: Style,
): string {
  const [x, y] = placeOf(layout, index);
  const { mapWidth, mapHeight } = layout;
  const line = { fill: "none", stroke: style.accent, "stroke-width": 1 };
  const { query, key } = scene.tokens;
  const row = stretchOf(queries, mapHeight, query.value);
  const column = stretchOf(keys, mapWidth, key.value);
  return [
    rectAt(x - 0.5, y - 0.5, mapWidth + 1, mapHeight + 1, { fill: "none", stroke: style.border }),
    row ? rectAt(x, y + row[0], mapWidth, row[1], line) : "",
    column ? rectAt(x + column[0], y, column[1], mapHeight, line) : "",
  ].join("");
}

/** The edges and the names of the blocks of the picture of all. */
function blockMarks(scene: MatrixScene, layout: MatrixLayout, index: number, viewport: Viewport, style: Style): string {
  const [x, y] = placeOf(layout, index);
  const line = { fill: "none", stroke: style.border, "stroke-width": 1 };
  return composedBlocks(scene, viewport, layout.mapWidth, layout.mapHeight)
    .map((block) => {
      const { name, left, top, width, height } = block;
      const edge = rectAt(x + left, y + top, width, height, line);
      if (!isNamed(block)) return edge;
      const length = textWidth(name, 10) + 8;
      const paper = { fill: style.background, "fill-opacity": 0.85 };
      const right = x + left + width;
      const text = textAt(right - 4, y + top + 8, name, { size: 10, fill: style.text, anchor: "end" });
      return edge + rectAt(right - length, y + top, length, 15, paper) + text;
    })
    .join("");
}

/** The start and the extent of a token in the visible part of a side, in pixels; null if it is not visible. */
function stretchOf([start, stop]: Span, pixels: number, position: number | null): Span | null {
  if (position === null || position + 1 <= start || position >= stop) return null;
  const cell = pixels / (stop - start);
  return [(position - start) * cell, Math.max(1, cell)];
}

function captionMarks(
  scene: MatrixScene,
  layout: MatrixLayout,
  head: number | null,
  index: number,
  style: Style,
): string {
  if (head === null) return "";
  const [x, y] = placeOf(layout, index);
  const { color, ink } = colorsOf(head, scene.numHeads.value, scene.dark.value);
  const top = y + layout.mapHeight + (CAPTION - 16) / 2;
  return textAt(x, top + 8, "head", { size: 12, fill: style.text }) + headSquare(x + 32, top, head, color, ink);
}

/** The names of as many tokens as fit: left of each row of maps, and above each column. */
function nameMarks(scene: MatrixScene, layout: MatrixLayout, { queries, keys }: Viewport, style: Style): string {
  const { left, top, mapWidth, mapHeight, rows, columns } = layout;
  const queryNames = namesOf(scene, "query", queries, mapHeight);
  const keyNames = namesOf(scene, "key", keys, mapWidth);
  const across = (origin: number) =>
    queryNames.map(({ middle, ...name }) => {
      const y = top + origin + middle;
      return nameMark(left - 6, y, name, style, "end");
    });
  const down = (origin: number) =>
    keyNames.map(({ middle, ...name }) => {
      const x = left + origin + middle;
      return tag("g", { transform: `translate(${x.toFixed(2)} ${top - 6}) rotate(-90)` }, nameMark(0, 0, name, style));
    });
  const marks = [
    ...Array.from({ length: rows }, (_, row) => across(placeOf(layout, row * columns)[1])).flat(),
    ...Array.from({ length: columns }, (_, column) => down(column * (mapWidth + MAP_GAP))).flat(),
  ];
  return groupOf({ "font-family": style.mono }, marks);
}

interface Name {
  readonly lead: string;
  readonly text: string;
  readonly isSpecial: boolean;
  readonly isPinned: boolean;
}

function nameMark(
  x: number,
  y: number,
  { lead, text, isSpecial, isPinned }: Name,
  style: Style,
  anchor?: "end",
): string {
  const fill = isPinned ? style.accent : isSpecial ? style.quiet : style.text;
  return textAt(x, y, lead + text, { size: isSpecial ? 10 : 11, fill, anchor, bold: isPinned });
}

/** Every name, or every 2nd, 5th, 10th ..., and that of the pinned token over those that it would cover. */
function namesOf(scene: MatrixScene, side: Side, [start, stop]: Span, pixels: number): (Name & { middle: number })[] {
  const description = scene.description.value;
  const [tokens, special] =
    side === "query"
      ? [description?.query_tokens, description?.query_special]
      : [description?.key_tokens, description?.key_special];
  const pinned = scene.tokens[side].value;
  const cell = pixels / (stop - start);
  const step = labelStep(cell, NAME);
  const named: number[] = [];
  for (let position = Math.ceil((start - 0.5) / step) * step; position + 0.5 < stop; position += step) {
    if (pinned === null || pinned === position || Math.abs(pinned - position) * cell >= NAME) named.push(position);
  }
  if (pinned !== null && pinned + 1 > start && pinned < stop && !named.includes(pinned)) named.push(pinned);
  return named.map((position) => {
    const middle = Math.max(NAME / 2, Math.min((position + 0.5 - start) * cell, pixels - NAME / 2));
    const { lead, text } = tokenText(tokens?.[position] ?? "", LETTERS);
    const isSpecial = special?.includes(position) ?? false;
    return { lead, text, isSpecial, isPinned: position === pinned, middle };
  });
}
