import { signal } from "@preact/signals-core";
import { chainOf } from "../../core/attend/chain";
import { signedColor } from "../../core/look/colors";
import type { TokenLayout } from "../../core/look/token-layout";
import type { Span } from "../../core/look/viewport";
import { bandOf } from "../../core/weights/vectors";
import { drawStrip, signedTable } from "../../draw/neuron";
import { chainNotes } from "../../views/neuron/chain-notes";
import { barRange } from "../../views/neuron/chain-rows";
import { type ChainColumn, chainStepsOf, formatNumber } from "../../views/neuron/chain-steps";
import type { ShownChain } from "../../views/neuron/expanded-query";
import { singleHead } from "../../views/neuron/single-head";
import { strongestQuery } from "../../views/neuron/suggested-query";
import type { Scene } from "../../views/scene/scene";
import type { ShownHead } from "../../views/scene/shown-heads";
import { windowedScene } from "../../views/scene/windowed-scene";
import type { HeldWeights } from "../held";
import { wrapped } from "../paper/letters";
import { hex, imageAt, type MarkedPart, movedBy, rectAt, textAt } from "../paper/marks";
import { blankPixels } from "../paper/png";
import type { Style } from "../paper/style";
import { drawHead, linesOf, strengthIn, tokenLayoutOf } from "./head";
import { signedLegend } from "./legends";
import { headsOf, NEVER, type PanelInputs } from "./panel";
import { columnMarks, columnSize } from "./token-column";

/** The most visible tokens of a long map, as on screen. */
const ROWS = 40;
const TITLES = 22;
/** The width of the lines between the query's vector and the keys, and between the strips. */
const [CONNECTORS, STRIP_GAP] = [56, 14];
/** The least and the largest width of a strip, and the largest of one dimension. */
const [LEAST, MOST, WIDEST_CELL] = [72, 192, 8];
const RATIO = 2;

/** The lines of one head, and the steps from a query's vector to its weights. */
export function drawNeuron(inputs: PanelInputs): MarkedPart | null {
  const { held, panel, style } = inputs;
  const whole = singleHead(inputs.scene);
  const scene = windowedScene(whole, signal(ROWS), NEVER);
  const heads = headsOf(scene, held, panel.capture);
  if (!heads) return null;
  const reason = scene.description.value?.no_vectors[scene.layer.value] ?? "";
  if (reason !== "" || heads.length === 0) return withoutChain({ ...inputs, scene: whole }, reason);
  const row = scene.tokens.query.value ?? strongestQuery((heads[0] as ShownHead).weights, scene);
  if (row === null) return withoutChain({ ...inputs, scene: whole }, "");
  const shown = chainAt(scene, row, held, panel.capture);
  return shown && chainPart(inputs, scene, heads, shown, style);
}

/** The lines alone, and why there is nothing more. */
function withoutChain(inputs: PanelInputs, reason: string): MarkedPart | null {
  const part = drawHead(inputs);
  if (!part || reason === "") return part;
  const lines = wrapped(reason, Math.max(part.width, 320), 11);
  const marks = lines.map((line, at) => textAt(0, at * 16 + 8, line, { size: 11, fill: inputs.style.quiet }));
  const y = lines.length * 16 + 8;
  return { ...part, marks: `${marks.join("\n")}\n${movedBy(0, y, part.marks)}`, height: part.height + y };
}

function chainAt(scene: Scene, row: number, held: HeldWeights, capture: number): ShownChain | null {
  const [shownMap, [head]] = [scene.shownMap.value, scene.heads.value];
  const position = shownMap?.queries.groups[row]?.[0];
  if (!shownMap || head === undefined || position === undefined) return null;
  const queries = bandOf(position, shownMap.queries.shownAt.length, shownMap.keys.shownAt.length);
  const request = { map: shownMap.description.name, layer: scene.layer.value, head, queries };
  const vectors = held.find<"vectors">({ capture, type: "vectors", request });
  if (!vectors) return null;
  return {
    row,
    answer: { ...request, vectors },
    chain: chainOf(vectors, position),
    columns: chainStepsOf(vectors.rule, vectors),
    keyAt: (key) => shownMap.keys.groups[key]?.[0] ?? 0,
    keysInSight: shownMap.keys.visibleRows,
    isPlain: shownMap.queries.isPlain && shownMap.keys.isPlain,
  };
}

function chainPart(
  { room, isFilled }: PanelInputs,
  scene: Scene,
  heads: readonly ShownHead[],
  shown: ShownChain,
  style: Style,
): MarkedPart {
  const layout = tokenLayoutOf(scene);
  const sizes = {
    query: columnSize(scene, "query", layout, 1, false),
    key: columnSize(scene, "key", layout, 1, false),
  };
  const taken = sizes.query.width + sizes.key.width + CONNECTORS + STRIP_GAP * 3;
  const numbers = shown.columns.reduce((sum, column) => sum + column.width, 0);
  const strip = stripWidth(shown, room - taken - numbers, isFilled);
  const x = {
    own: sizes.query.width + 4,
    lines: sizes.query.width + strip + 4,
    keys: sizes.query.width + strip + CONNECTORS + 4,
    strips: sizes.query.width + strip + CONNECTORS + sizes.key.width + STRIP_GAP,
    numbers: sizes.query.width + 3 * strip + CONNECTORS + sizes.key.width + 3 * STRIP_GAP,
  };
  const pinned = { query: shown.row, key: null };
  const column = (side: "query" | "key") =>
    columnMarks({ scene, side, layout, size: sizes[side], heads, weightsOf: null, style });
  const [first, stop] = keysOf(scene, shown);
  const sink = sinkMarks(shown, style);
  const legend = signedLegend(style);
  const width = x.numbers + numbers;
  const notes = chainNotes(shown).flatMap((note) => wrapped(note, width, 11));
  const below = TITLES + layout.height + (sink ? layout.rowHeight + 4 : 0) + 10;
  const marks = [
    titleMarks(shown, x, strip, sizes.query.width, style),
    movedBy(0, TITLES, column("query")),
    movedBy(x.own, TITLES, ownStrip(shown, layout, strip, style)),
    movedBy(
      x.lines,
      TITLES,
      linesOf({ strength: strengthIn(scene, heads, layout), layout, width: CONNECTORS }, pinned),
    ),
    movedBy(x.keys, TITLES, column("key")),
    movedBy(x.strips, TITLES, keyStrips(shown, layout, strip, [first, stop], style)),
    movedBy(x.numbers, TITLES, numberMarks(shown, layout, [first, stop], style)),
    movedBy(x.numbers, TITLES + layout.height + 4, sink),
    movedBy(0, below, legend.marks),
    ...notes.map((note, at) => textAt(0, below + legend.height + 10 + at * 16, note, { size: 11, fill: style.quiet })),
  ];
  return {
    marks: marks.filter(Boolean).join("\n"),
    width: Math.max(width, legend.width),
    height: below + legend.height + notes.length * 16 + 4,
  };
}

/** A width for each of the three strips, at least a pixel per dimension. */
function stripWidth({ answer }: ShownChain, room: number, isFilled: boolean): number {
  const { headDim } = answer.vectors;
  const fitting = Math.max(LEAST, Math.floor(room / 3));
  const most = isFilled ? Number.POSITIVE_INFINITY : MOST;
  return Math.max(headDim, Math.min(most, WIDEST_CELL * headDim, fitting));
}

function keysOf(scene: Scene, { keysInSight }: ShownChain): Span {
  return scene.rowWindow?.extents.value ? keysInSight : scene.ranges.value.keys;
}

type Places = Readonly<Record<"own" | "strips" | "numbers" | "keys", number>>;

function titleMarks({ columns }: ShownChain, x: Places, strip: number, queryWidth: number, style: Style): string {
  const look = { size: 12, fill: style.quiet };
  let at = x.numbers;
  const numbers = columns.map(({ title, width }) => {
    at += width;
    return textAt(at - 6, 9, title, { ...look, anchor: "end" });
  });
  return [
    textAt(queryWidth - 6, 9, "query", { ...look, anchor: "end" }),
    textAt(x.own, 9, "vector q", look),
    textAt(x.keys + 6, 9, "key", look),
    textAt(x.strips, 9, "vector k", look),
    textAt(x.strips + strip + STRIP_GAP, 9, "q × k", look),
    ...numbers,
  ].join("\n");
}

function marginOf(rowHeight: number): number {
  return rowHeight < 16 ? 1.5 : 3;
}

/** A vector as a strip of cells whose middle is at `y`. */
function stripAt(
  x: number,
  y: number,
  width: number,
  rowHeight: number,
  count: number,
  valueAt: (dimension: number) => number,
  style: Style,
): string {
  // One pixel per dimension, since a strip's image is stretched without smoothing.
  const pixels = blankPixels(count * RATIO, 1);
  const place = { x: 0, y: 0, width: pixels.width, height: 1 };
  drawStrip(pixels, count, valueAt, signedTable(style.dark), place);
  const height = rowHeight - 2 * marginOf(rowHeight);
  return imageAt(x, y - height / 2, width, height, pixels);
}

function ownStrip({ chain, row }: ShownChain, { queryY, rowHeight }: TokenLayout, strip: number, style: Style): string {
  const valueAt = (dimension: number) => chain.query[dimension] as number;
  return stripAt(0, queryY[row] as number, strip, rowHeight, chain.query.length, valueAt, style);
}

function keyStrips(
  { chain, answer, keyAt }: ShownChain,
  { keyY, rowHeight }: TokenLayout,
  strip: number,
  [first, stop]: Span,
  style: Style,
): string {
  const { keys, headDim } = answer.vectors;
  const marks: string[] = [];
  for (let row = first; row < stop; row++) {
    const key = keyAt(row);
    if (chain.hidden?.[key]) continue;
    const y = keyY[row] as number;
    const component = (dimension: number) => keys[key * headDim + dimension] as number;
    const product = (dimension: number) => (chain.query[dimension] as number) * component(dimension);
    marks.push(stripAt(0, y, strip, rowHeight, headDim, component, style));
    marks.push(stripAt(strip + STRIP_GAP, y, strip, rowHeight, headDim, product, style));
  }
  return marks.join("\n");
}

/** The numbers of each key, over bars. A key that is hidden from the query has only its mask. */
function numberMarks(
  { chain, columns, keyAt }: ShownChain,
  { keyY, rowHeight }: TokenLayout,
  [first, stop]: Span,
  style: Style,
): string {
  const most = chain.dots.reduce((best, dot, key) => (chain.hidden?.[key] ? best : Math.max(best, Math.abs(dot))), 0);
  const marks: string[] = [];
  for (let row = first; row < stop; row++) {
    const key = keyAt(row);
    let x = 0;
    for (const column of columns) {
      const isBlank = chain.hidden?.[key] === 1 && column.name !== "mask";
      if (!isBlank)
        marks.push(cellMarks(x, keyY[row] as number, rowHeight, column, column.valueAt(chain, key), most, style));
      x += column.width;
    }
  }
  return marks.join("\n");
}

function cellMarks(
  x: number,
  y: number,
  rowHeight: number,
  column: ChainColumn,
  value: number,
  most: number,
  style: Style,
): string {
  const range = barRange(column, value, most);
  const [left, whole] = [x + 4, column.width - 8];
  const bar =
    range && range[1] > range[0]
      ? rectAt(left + range[0] * whole, y - rowHeight / 2 + 2, (range[1] - range[0]) * whole, rowHeight - 4, {
          fill: hex(signedColor(column.bar === "share" || value > 0 ? 0.8 : -0.8, style.dark)),
          "fill-opacity": 0.45,
        })
      : "";
  const size = rowHeight < 16 ? 10 : 12;
  const fill = column.name === "mask" ? style.quiet : undefined;
  return bar + textAt(x + column.width - 6, y, formatNumber(value), { size, anchor: "end", fill });
}

/** The score of the sink, and its share of the softmax; empty for a head without one. */
function sinkMarks({ chain, columns, answer }: ShownChain, style: Style): string {
  const { sink } = answer.vectors.rule;
  if (sink === null || chain.sinkShare === null) return "";
  const value = { score: sink, softmax: chain.sinkShare };
  let x = 0;
  const marks = [textAt(-6, 8, "sink", { size: 12, anchor: "end", fill: style.quiet })];
  for (const column of columns) {
    const number = column.name === "score" || column.name === "softmax" ? value[column.name] : null;
    if (number !== null) marks.push(cellMarks(x, 8, 18, column, number, 1, style));
    x += column.width;
  }
  return marks.join("\n");
}
