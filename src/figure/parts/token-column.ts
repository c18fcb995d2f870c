import { formatWeight } from "../../core/look/format";
import { stripNumbers, stripsWidth } from "../../core/look/strip-numbers";
import { OTHER_ROWS_HEIGHT, type TokenLayout } from "../../core/look/token-layout";
import { AXES, type Side } from "../../core/state/side";
import { tokenColumns, tokenText } from "../../dom/token";
import type { Scene } from "../../views/scene/scene";
import type { ShownHead } from "../../views/scene/shown-heads";
import { matchesOf } from "../../views/tokens/search";
import { widestToken } from "../../views/tokens/token-columns";
import type { WeightsOf } from "../../views/tokens/weight-marks";
import { MONO } from "../paper/letters";
import { groupOf, hex, rectAt, spansAt, textAt } from "../paper/marks";
import type { Style } from "../paper/style";

/** Space beside tokens, of their boxes of weights, and of the gap between tokens and boxes; as in the style sheet. */
const PADDING = 6;
const BOX = 8;
const MARKS = 58;
/** The space beside the strips of several heads. */
const BESIDE_STRIPS = 12;
/** From which weight on a token has a box and a number. */
const SMALLEST_MARKED = 0.005;

/** A column of tokens between x = 0 and `width`; queries end on the right, keys start on the left. */
export interface ColumnSize {
  readonly letters: number;
  readonly width: number;
  readonly fontSize: number;
}

/** The size of a side's column; `hasMarks` if weights stand beside its tokens. */
export function columnSize(
  scene: Scene,
  side: Side,
  layout: TokenLayout,
  heads: number,
  hasMarks: boolean,
): ColumnSize {
  const letters = widestToken(scene.wholeMap.value, side);
  const fontSize = layout.rowHeight < 16 ? 10.5 : 13;
  const marks = hasMarks ? (heads === 1 ? MARKS : stripsWidth(heads) + BESIDE_STRIPS) : PADDING;
  return { letters, fontSize, width: Math.ceil(letters * MONO * fontSize) + PADDING + marks };
}

export interface ColumnInputs {
  readonly scene: Scene;
  readonly side: Side;
  readonly layout: TokenLayout;
  readonly size: ColumnSize;
  readonly heads: readonly ShownHead[];
  /** The weights beside the tokens; null for none. */
  readonly weightsOf: WeightsOf | null;
  readonly style: Style;
}

/** The tokens of a side in their rows, with boxes and numbers of weights where there are any. */
export function columnMarks(inputs: ColumnInputs): string {
  const { scene, side, layout, style } = inputs;
  const y = side === "query" ? layout.queryY : layout.keyY;
  const axis = scene.shownMap.value?.[AXES[side]];
  const [first, stop] = axis && scene.rowWindow?.extents.value ? axis.visibleRows : [0, y.length];
  const rows = [...y.keys()].filter((row) => Number.isFinite(y[row]));
  const tokens = rows
    .filter((row) => row >= first && row < stop)
    .map((row) => tokenMarks(inputs, row, y[row] as number));
  const gathered = rows.filter((row) => row < first || row >= stop).map((row) => gatheredMark(inputs, row, y));
  const others = axis && rows.length > tokens.length ? bandNames(inputs, first, axis.groups.length - stop) : [];
  return groupOf({ "font-family": style.mono, fill: style.text }, [...gathered, ...others, ...tokens]);
}

function tokenMarks(inputs: ColumnInputs, row: number, middle: number): string {
  const { scene, side, layout, size, style } = inputs;
  const { rowHeight } = layout;
  const description = scene.description.value;
  const isQuery = side === "query";
  const token = (isQuery ? description?.query_tokens : description?.key_tokens)?.[row] ?? "";
  const isSpecial = (isQuery ? description?.query_special : description?.key_special)?.includes(row) ?? false;
  const isPinned = scene.tokens[side].value === row;
  const { lead, text } = tokenText(token);
  const [from, to] = isQuery
    ? [size.width - PADDING - columnsWide(lead + text, size), size.width]
    : [0, PADDING * 2 + columnsWide(lead + text, size)];
  const frame = isPinned
    ? rectAt(
        Math.max(0, from - PADDING),
        middle - rowHeight / 2 + 0.5,
        Math.max(1, to - Math.max(0, from - PADDING)),
        rowHeight - 1,
        { rx: 3, fill: "none", stroke: style.accent },
      )
    : "";
  const isFound = matchesOf(scene).value[AXES[side]].includes(row);
  const words = spansAt(isQuery ? size.width - PADDING : PADDING, middle, [{ text: lead, faint: true }, { text }], {
    size: isSpecial ? 0.85 * size.fontSize : size.fontSize,
    fill: isSpecial ? style.quiet : undefined,
    anchor: isQuery ? "end" : undefined,
    bold: isPinned,
    more: isFound ? { "text-decoration": "underline" } : {},
  });
  return [weightBoxes(inputs, row, middle), frame, words].filter(Boolean).join("\n");
}

function columnsWide(text: string, { fontSize }: ColumnSize): number {
  return tokenColumns({ lead: "", text, isCut: false }) * MONO * fontSize;
}

/** Where the boxes of weights begin, and their width together. */
function boxesAt(side: Side, size: ColumnSize, heads: number): readonly [left: number, width: number] {
  const width = heads === 1 ? BOX : stripsWidth(heads);
  const marks = heads === 1 ? MARKS : width + BESIDE_STRIPS;
  return [side === "query" ? marks - PADDING - width : size.width - marks + PADDING, width];
}

/** The numbers of the heads over their boxes, above y = 0. */
export function stripMarks({ side, size, heads, weightsOf, style }: ColumnInputs): string {
  if (weightsOf === null) return "";
  const [left, width] = boxesAt(side, size, heads.length);
  const numbers = stripNumbers(
    heads.map(({ head }) => head),
    width,
  );
  return groupOf(
    { fill: style.text },
    numbers.map(({ head, x, line }) =>
      textAt(left + x, -5 - 8 * line, String(head), { size: 8, anchor: "middle", family: style.sans }),
    ),
  );
}

/** One box per head, as opaque as its weight; for a single head also the number. */
function weightBoxes(
  { side, layout, size, heads, weightsOf, style }: ColumnInputs,
  row: number,
  middle: number,
): string {
  const weights = weightsOf?.(row) ?? [];
  if (!weights.some((weight) => !(weight < SMALLEST_MARKED))) return "";
  const [left, whole] = boxesAt(side, size, weights.length);
  const height = layout.rowHeight - 6;
  const boxes = weights.map((weight, index) => {
    const isMissing = Number.isNaN(weight);
    const fill = isMissing ? "#808080" : hex((heads[index] as ShownHead).color);
    const opacity = isMissing ? "0.5" : Math.max(0, Math.min(1, weight)).toFixed(3);
    const step = whole / weights.length;
    return opacity === "0.000"
      ? ""
      : rectAt(left + index * step, middle - height / 2, step, height, { fill, "fill-opacity": opacity });
  });
  if (weights.length !== 1) return boxes.join("");
  const number = formatWeight(weights[0] as number, heads[0]?.weights.dtype);
  const x = side === "query" ? left - 4 : left + whole + 4;
  const look = { size: 11, family: style.sans, anchor: side === "query" ? ("end" as const) : undefined };
  return boxes.join("") + textAt(x, middle, number, look);
}

/** A low bar for tokens out of sight. */
function gatheredMark({ side, size, style }: ColumnInputs, row: number, y: Float32Array): string {
  const half =
    Math.min(
      Math.abs((y[row] as number) - (y[row - 1] ?? Number.POSITIVE_INFINITY)),
      Math.abs((y[row + 1] ?? Number.POSITIVE_INFINITY) - (y[row] as number)),
    ) / 2;
  const width = size.width - PADDING;
  const height = Math.max(1, 2 * half - 1);
  return rectAt(side === "query" ? PADDING : 0, (y[row] as number) - height / 2, width, height, {
    fill: style.text,
    "fill-opacity": 0.07,
  });
}

/** How many tokens are out of sight before and after the visible ones. */
function bandNames({ side, layout, size, style }: ColumnInputs, before: number, after: number): string[] {
  const x = side === "query" ? size.width - PADDING : PADDING;
  const look = {
    size: 11,
    fill: style.quiet,
    family: style.sans,
    anchor: side === "query" ? ("end" as const) : undefined,
  };
  const name = (count: number, where: string) => (count > 0 ? `${count.toLocaleString("en")} ${where}` : "");
  return [
    textAt(x, OTHER_ROWS_HEIGHT / 2, name(before, "before"), look),
    textAt(x, layout.height - OTHER_ROWS_HEIGHT / 2, name(after, "after"), look),
  ];
}
