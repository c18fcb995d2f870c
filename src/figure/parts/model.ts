import { signal } from "@preact/signals-core";
import type { MapDescription } from "../../contract.gen";
import { layerName } from "../../core/look/layer-name";
import type { HeadWeights } from "../../core/weights/head-weights";
import type { GridShape, LayerRow, Overviews } from "../../views/fetch/fetch-overviews";
import { headsTitle } from "../../views/model/head-detail";
import { shownOverviews } from "../../views/model/shown-overviews";
import { painterOf } from "../../views/model/thumbnail-canvas";
import { shapeOf } from "../../views/model/thumbnail-grid";
import { fittingPitch, type GridMeasures, measureGrid } from "../../views/model/thumbnail-layout";
import { thumbnailLook } from "../../views/model/thumbnail-look";
import type { Scene } from "../../views/scene/scene";
import { groupOf, imageAt, type MarkedPart, movedBy, rectAt, textAt } from "../paper/marks";
import { blankPixels } from "../paper/png";
import type { Style } from "../paper/style";
import { drawHead } from "./head";
import type { PanelInputs } from "./panel";

/** The space for the names of layers and heads. */
const [LEFT, TOP] = [48, 34];
/** The pixels of a thumbnail per pixel of the figure; fewer if the grid would take more than so many. */
const RATIO = 2;
const MAX_PIXELS = 6_000_000;
const LARGEST_PITCH = 120;
const GAP = 24;

/** Every head of every layer as a thumbnail; beside the grid the open heads, if the view has some open. */
export function drawModel(inputs: PanelInputs): MarkedPart | null {
  const { scene, style } = inputs;
  const isOpen = scene.context.options.detail.value;
  const grid = gridOf(inputs, isOpen);
  const detail = isOpen ? drawHead({ ...inputs, isFilled: false, room: 420 }) : null;
  if (!grid || (isOpen && !detail)) return null;
  if (!detail) return grid;
  const heads = headsTitle(scene.heads.value, scene.numHeads.value);
  const name = `Layer ${layerName(scene.wholeMap.value, scene.layer.value)}, ${heads}`;
  const title = textAt(0, 9, name, { size: 12, bold: true, fill: style.text });
  return {
    marks: `${grid.marks}\n${movedBy(grid.width + GAP, 0, `${title}\n${movedBy(0, TOP - 12, detail.marks)}`)}`,
    width: grid.width + GAP + detail.width,
    height: Math.max(grid.height, detail.height + TOP - 12),
  };
}

function gridOf(inputs: PanelInputs, isOpen: boolean): MarkedPart | null {
  const { scene, style } = inputs;
  const shape = shapeOf(scene);
  const overviews = shape && overviewsOf(inputs, shape);
  if (!shape || !overviews) return null;
  const measures = measureGrid(shape, pitchOf(inputs, shape));
  const marks = [
    axisMarks(shape, measures, scene.wholeMap.value, style),
    movedBy(LEFT, TOP, thumbnails(scene, shape, measures, overviews)),
    movedBy(LEFT, TOP, cellMarks(scene, shape, measures, isOpen, style)),
  ];
  return { marks: marks.join("\n"), width: LEFT + measures.width, height: TOP + measures.height };
}

function pitchOf({ room, isFilled }: PanelInputs, shape: GridShape): number {
  const usual = fittingPitch(shape, { width: room, height: Number.POSITIVE_INFINITY, isBeside: true, detailPart: 0 });
  if (!isFilled) return usual;
  const columns = new Set(shape.rows.flatMap(({ heads }) => heads)).size;
  return Math.max(12, Math.min(LARGEST_PITCH, Math.floor((room - LEFT) / Math.max(1, columns))));
}

/** The overviews of the grid with the reading aids applied; null while some are missing. */
function overviewsOf({ scene, held, panel }: PanelInputs, shape: GridShape): Overviews | null {
  const rows = shape.rows.map(({ layer, heads }) =>
    heads.length === 0
      ? []
      : held.find<"request">({
          capture: panel.capture,
          type: "request",
          request: { kind: "overview", map: shape.map, layer, heads: [...heads] },
        }),
  );
  if (!rows.every((row) => row !== null)) return null;
  return shownOverviews(scene, signal<Overviews>({ shape, rows })).value;
}

function thumbnails(scene: Scene, { rows }: GridShape, measures: GridMeasures, overviews: Overviews): string {
  const { pitch, gap, width, height, columns } = measures;
  const ratio = Math.min(RATIO, Math.sqrt(MAX_PIXELS / Math.max(1, width * height)));
  const size = Math.floor((pitch - gap) * ratio);
  const look = thumbnailLook(scene, signal(overviews)).value;
  const edges = look.kind === "heat" ? "sharp" : "smooth";
  return rows
    .flatMap(({ layer, heads }, row) => {
      const weights = overviews.rows[row] ?? [];
      const draw = painterOf(look, layer, weights);
      return heads.map((head, at) => {
        const pixels = blankPixels(size, size);
        draw(pixels, { x: 0, y: 0, width: size, height: size }, weights[at] as HeadWeights);
        const x = columns.indexOf(head) * pitch + gap / 2;
        return imageAt(x, row * pitch + gap / 2, pitch - gap, pitch - gap, pixels, edges);
      });
    })
    .join("\n");
}

function cellMarks(
  { heads: open, layer: shown }: Scene,
  { rows }: GridShape,
  { pitch, gap, columns }: GridMeasures,
  isOpen: boolean,
  style: Style,
): string {
  const frame = (row: LayerRow, index: number) =>
    row.heads.map((head) => {
      const isChosen = isOpen && row.layer === shown.value && open.value.includes(head);
      const look = isChosen ? { stroke: style.accent, "stroke-width": 2 } : { stroke: style.border };
      const size = pitch - gap;
      const x = columns.indexOf(head) * pitch + gap / 2;
      return rectAt(x, index * pitch + gap / 2, size, size, { fill: "none", rx: 2, ...look });
    });
  return rows.flatMap(frame).join("");
}

function axisMarks(
  { rows }: GridShape,
  { pitch, columns, width }: GridMeasures,
  map: MapDescription | undefined,
  style: Style,
): string {
  const size = Math.min(11, Math.max(7, pitch * 0.45));
  const heads = columns.map((head, at) =>
    textAt(LEFT + (at + 0.5) * pitch, TOP - 8, String(head), { size, anchor: "middle" }),
  );
  const layers = rows.map(({ layer }, at) =>
    textAt(LEFT - 6, TOP + (at + 0.5) * pitch, layerName(map, layer), { size, anchor: "end" }),
  );
  return groupOf({ fill: style.quiet }, [
    textAt(LEFT + width / 2, 8, "Head", { size: 12, anchor: "middle" }),
    textAt(LEFT - 6, TOP - 8, "Layer", { size: 11, anchor: "end" }),
    ...heads,
    ...layers,
  ]);
}
