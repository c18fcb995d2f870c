import type { Region } from "../../core/composed/composed-map";
import { layerColor, type Scale } from "../../core/look/colors";
import type { PixelArea, PixelBuffer } from "../../core/look/pixel-buffer";
import { sightOf } from "../../core/reduce/sight";
import { sinksOf } from "../../core/reduce/sinks";
import type { HeadWeights } from "../../core/weights/head-weights";
import { pixelRatio, resizeCanvas } from "../../dom/canvas";
import { drawHeatThumbnail, type ThumbnailHeat, thumbnailTop } from "../../draw/heat-thumbnail";
import { scaler } from "../../draw/lines/strength";
import { drawThumbnail } from "../../draw/thumbnails";
import type { Overviews } from "../fetch/fetch-overviews";
import type { GridMeasures } from "./thumbnail-layout";

/** How thumbnails are drawn. */
export interface ThumbnailLook {
  /** The rectangles of the picture of all in a row of thumbnails; undefined for other maps. */
  readonly regionsOf: (row: readonly HeadWeights[]) => readonly Region[] | undefined;
  readonly kind: "heat" | "lines";
  /** The colours of heat maps, see `heatTable`. */
  readonly colors: Uint8ClampedArray;
  /** A key with a larger share of the attention does not set the scale of heat maps. */
  readonly sinkShare: number;
  readonly scale: Scale;
  /** See the option `gain`; it matters for lines alone. */
  readonly gain: number | null;
  readonly numLayers: number;
  readonly dark: boolean;
}

/** Everything except the weights that determines the thumbnails. A new object means that all are drawn again. */
export interface GridPicture {
  readonly measures: GridMeasures;
  readonly look: ThumbnailLook;
}

/** The rows of the grid that are in sight. */
export interface SeenRows {
  readonly first: number;
  readonly stop: number;
}

/** The most heads that are drawn at once, which takes about as long as one frame. */
const HEADS_AT_ONCE = 320;

/** Paints thumbnails into one canvas, row by row, and skips rows that are already painted. */
export class ThumbnailCanvas {
  #picture: GridPicture | null = null;
  #painted: (readonly HeadWeights[] | undefined)[] = [];

  constructor(readonly canvas: HTMLCanvasElement) {}

  /** Paints rows in sight. Returns false if some of them are left for another call, because there are many. */
  paint(picture: GridPicture, overviews: Overviews, inSight: SeenRows): boolean {
    const ratio = pixelRatio(picture.measures.width, picture.measures.height);
    return this.#paint(picture, overviews, ratio, inSight, HEADS_AT_ONCE);
  }

  #paint(
    picture: GridPicture,
    { shape, rows }: Overviews,
    ratio: number,
    { first, stop }: SeenRows,
    most: number,
  ): boolean {
    const { width, height } = picture.measures;
    const context = this.canvas.getContext("2d");
    if (picture !== this.#picture) {
      resizeCanvas(this.canvas, width * ratio, height * ratio);
      context?.clearRect(0, 0, this.canvas.width, this.canvas.height);
      this.#painted = [];
    }
    this.#picture = picture;
    if (!context || !shape) return true;
    let heads = 0;
    for (let index = first; index < Math.min(stop, rows.length); index++) {
      const [row, place] = [rows[index], shape.rows[index]];
      if (!row || !place || row === this.#painted[index]) continue;
      if (heads >= most) return false;
      paintRow(context, picture, ratio, index, place, row);
      this.#painted[index] = row;
      heads += row.length;
    }
    return true;
  }
}

function paintRow(
  context: CanvasRenderingContext2D,
  { measures, look }: GridPicture,
  ratio: number,
  index: number,
  { layer, heads }: { readonly layer: number; readonly heads: readonly number[] },
  weights: readonly HeadWeights[],
): void {
  const { pitch, gap, columns } = measures;
  const image = new ImageData(context.canvas.width, Math.max(1, Math.floor(pitch * ratio)));
  const size = Math.floor((pitch - gap) * ratio);
  const draw = painterOf(look, layer, weights);
  heads.forEach((head, position) => {
    const x = Math.round((columns.indexOf(head) * pitch + gap / 2) * ratio);
    const area = { x, y: Math.round((gap / 2) * ratio), width: size, height: size };
    draw(image, area, weights[position] as HeadWeights);
  });
  context.putImageData(image, 0, Math.round(index * pitch * ratio));
}

/** Draws heads of one layer, whose weights are `row`. */
export function painterOf(
  look: ThumbnailLook,
  layer: number,
  row: readonly HeadWeights[],
): (picture: PixelBuffer, area: PixelArea, weights: HeadWeights) => void {
  if (look.kind === "lines") {
    const color = layerColor(layer, look.numLayers, look.dark);
    const strengths = scaler(look.scale);
    return (picture, { x, y, width }, weights) =>
      drawThumbnail(picture, x, y, width, strengths(weights), color, look.gain);
  }
  const heat = heatOf(look, row);
  const scratch = new Map<number, Uint32Array>();
  return (picture, area, weights) => {
    const { length } = weights.table;
    const ink = scratch.get(length) ?? new Uint32Array(length);
    scratch.set(length, ink);
    drawHeatThumbnail(picture, area, weights, heat, ink);
  };
}

function heatOf({ colors, sinkShare, regionsOf, scale }: ThumbnailLook, row: readonly HeadWeights[]): ThumbnailHeat {
  const regions = regionsOf(row);
  const sight = sightOf(row, regions);
  return { colors, sight, scale, sinks: sinksOf(row, sight, sinkShare, regions) };
}

/** The weight of the last colour of a head's heat map in a layer whose weights are `row`. */
export function topOf(look: ThumbnailLook, row: readonly HeadWeights[], weights: HeadWeights): number {
  return thumbnailTop(weights, heatOf(look, row));
}
