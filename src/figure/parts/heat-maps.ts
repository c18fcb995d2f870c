import { decimal, tag } from "../../core/look/markup";
import type { MatrixLayout } from "../../core/look/matrix-layout";
import { placeOf } from "../../core/look/matrix-layout";
import { drawHeat } from "../../draw/heat";
import type { HeatPart } from "../../views/heat/heat-source";
import type { PixelColors } from "../../views/matrix/paint-heat-map";
import { imageAt, rectAt } from "../paper/marks";
import { blankPixels } from "../paper/png";

/** Maps with more cells are images. */
const MAX_CELLS = 2500;
/** The pixels of an image per pixel of the figure, at least, and the most pixels of one side. */
const RATIO = 2;
const MOST_PIXELS = 1600;
/** The alpha up to which a hatched pixel stands for a masked cell; that of a missing one is stronger. */
const FAINT = 0x40;
/** The distance of the stripes of missing cells, from one to the next in a row. */
const STRIPE = 5;
/** From this size on, cells leave a gap, as on screen. */
const PARTED = 12;

/** One heat map in its place: its cells as rectangles where they are few, otherwise as an image. */
export function heatMarks(part: HeatPart, layout: MatrixLayout, index: number, inks: PixelColors): string {
  const { queries, keys } = part.viewport;
  const [rows, columns] = [queries[1] - queries[0], keys[1] - keys[0]];
  const isPlain = [...queries, ...keys].every(Number.isInteger);
  return isPlain && rows * columns <= MAX_CELLS
    ? cellMarks(part, layout, index, inks)
    : imageMarks(part, layout, index, inks);
}

function cellMarks(part: HeatPart, layout: MatrixLayout, index: number, inks: PixelColors): string {
  const [left, top] = placeOf(layout, index);
  const { queries, keys } = part.viewport;
  const [rows, columns] = [queries[1] - queries[0], keys[1] - keys[0]];
  // One pixel per cell has the colour that the cell has on screen.
  const pixels = blankPixels(columns, rows);
  drawHeat(
    pixels,
    { x: 0, y: 0, width: columns, height: rows },
    part.weights,
    part.viewport,
    inks(part.weights),
    part.sight,
  );
  const [width, height] = [layout.mapWidth / columns, layout.mapHeight / rows];
  const gap = Math.min(width, height) >= PARTED ? 1 : 0;
  const cells: string[] = [];
  const stripes: string[] = [];
  for (let cell = 0; cell < rows * columns; cell++) {
    const [red, green, blue, alpha] = pixels.data.subarray(4 * cell, 4 * cell + 4) as unknown as number[];
    if (!alpha) continue;
    const fill = `#${[red, green, blue].map((channel) => (channel as number).toString(16).padStart(2, "0")).join("")}`;
    // A cell has one pixel here, so the stripes are drawn for themselves; masked cells are evenly grey.
    const isMissing = alpha < 255 && alpha > FAINT;
    const opacity = alpha === 255 ? undefined : isMissing ? 0.4 : 0.15;
    const [x, y] = [left + (cell % columns) * width, top + Math.floor(cell / columns) * height];
    cells.push(rectAt(x, y, width - gap, height - gap, { fill, "fill-opacity": opacity }));
    if (isMissing) stripes.push(...stripesIn(x, y, width - gap, height - gap));
  }
  const hatch = { d: stripes.join(""), stroke: "#808080", "stroke-width": 1.2, fill: "none" };
  return cells.join("") + (stripes.length > 0 ? tag("path", hatch) : "");
}

/** The diagonals in a rectangle; those of neighbours continue each other. */
function stripesIn(x: number, y: number, width: number, height: number): string[] {
  const [right, bottom] = [x + width, y + height];
  const found: string[] = [];
  for (let sum = Math.ceil((x + y) / STRIPE) * STRIPE; sum < right + bottom; sum += STRIPE) {
    const [from, to] = [Math.min(right, sum - y), Math.max(x, sum - bottom)];
    found.push(`M${decimal(from)} ${decimal(sum - from)}L${decimal(to)} ${decimal(sum - to)}`);
  }
  return found;
}

function imageMarks(part: HeatPart, layout: MatrixLayout, index: number, inks: PixelColors): string {
  const [left, top] = placeOf(layout, index);
  const { queries, keys } = part.viewport;
  const pixels = blankPixels(
    pixelsFor(layout.mapWidth, keys[1] - keys[0]),
    pixelsFor(layout.mapHeight, queries[1] - queries[0]),
  );
  const area = { x: 0, y: 0, width: pixels.width, height: pixels.height };
  drawHeat(pixels, area, part.weights, part.viewport, inks(part.weights), part.sight);
  return imageAt(left, top, layout.mapWidth, layout.mapHeight, pixels);
}

/** So many pixels that each cell has the same number of them, if there is room for that. */
function pixelsFor(extent: number, cells: number): number {
  const wanted = Math.min(MOST_PIXELS, Math.ceil(RATIO * extent));
  const each = Math.ceil(wanted / Math.max(1, cells));
  return Number.isInteger(cells) && each * cells <= MOST_PIXELS ? each * cells : wanted;
}
