import { signal } from "@preact/signals-core";
import { inkOn } from "../../core/look/colors";
import { layoutTokens, layoutVisible, type TokenLayout } from "../../core/look/token-layout";
import type { Axis } from "../../core/reduce/axis";
import { sideLookedFrom } from "../../core/state/side";
import { lineNumbers } from "../../draw/lines/line-numbers";
import { geometryOf, type LinesPicture, styleOf as lineStyleOf } from "../../draw/lines/line-picture";
import { drawLines } from "../../draw/lines/lines";
import type { Ends, LineStrength } from "../../draw/lines/strength";
import { lineStrength } from "../../views/head/line-strength";
import { linesMarks } from "../../views/head/lines-svg";
import { followFocus } from "../../views/scene/focus";
import type { Scene } from "../../views/scene/scene";
import type { ShownHead } from "../../views/scene/shown-heads";
import { windowedScene } from "../../views/scene/windowed-scene";
import { marksOf } from "../../views/tokens/weight-marks";
import { hex, imageAt, type MarkedPart, movedBy, rectAt, textAt } from "../paper/marks";
import { blankPixels } from "../paper/png";
import type { Style } from "../paper/style";
import { gutterPart } from "./gutter";
import { strengthLegend } from "./legends";
import { headsOf, NEVER, type PanelInputs } from "./panel";
import { columnMarks, columnSize, stripMarks } from "./token-column";

/** The most visible tokens of a long map, as on screen. */
const ROWS = 40;
/** The height of the titles above the columns. */
const TITLES = 22;
/** The least and the largest width of the lines, unless they fill the figure. */
const [NARROWEST, WIDEST] = [84, 380];
/** The most lines that are paths; with more, they are an image. */
const MAX_PATHS = 5000;
const MAX_PIXELS = 2_000_000;

/** Query tokens, key tokens, and the lines of the active heads between them. */
export function drawHead({ scene: whole, held, panel, room, isFilled, style }: PanelInputs): MarkedPart | null {
  const scene = windowedScene(whole, signal(ROWS), NEVER);
  const heads = headsOf(scene, held, panel.capture);
  if (!heads) return null;
  const layout = tokenLayoutOf(scene);
  const { lines } = followFocus(scene).value;
  const marks = marksOf(heads, lines, sideLookedFrom(scene.context.options.aids));
  const sizes = {
    query: columnSize(scene, "query", layout, heads.length, marks.query !== null),
    key: columnSize(scene, "key", layout, heads.length, marks.key !== null),
  };
  const gutters = {
    query: gutterPart(scene, "query", layout, style),
    key: gutterPart(scene, "key", layout, style),
  };
  const left = gutters.query.width;
  const columns = left + sizes.query.width + sizes.key.width + gutters.key.width;
  const between = Math.max(NARROWEST, Math.min(isFilled ? Number.POSITIVE_INFINITY : WIDEST, room - columns));
  const picture = { strength: strengthIn(scene, heads, layout), layout, width: between };
  const column = (side: "query" | "key") => {
    const inputs = { scene, side, layout, size: sizes[side], heads, weightsOf: marks[side], style };
    return `${columnMarks(inputs)}\n${stripMarks(inputs)}`;
  };
  const legend = strengthLegend(picture.strength, lines, style);
  const width = columns + between;
  const body = [
    titleMarks(scene, left + sizes.query.width, between, style),
    movedBy(0, TITLES, gutters.query.marks),
    movedBy(left, TITLES, column("query")),
    movedBy(left + sizes.query.width, TITLES, `${linesOf(picture, lines)}\n${numberMarks(picture, lines)}`),
    movedBy(left + sizes.query.width + between, TITLES, column("key")),
    movedBy(width - gutters.key.width, TITLES, gutters.key.marks),
    movedBy(0, TITLES + layout.height + 8, legend.marks),
  ];
  return {
    marks: body.filter(Boolean).join("\n"),
    width: Math.max(width, legend.width),
    height: TITLES + layout.height + 8 + legend.height,
  };
}

/** The strengths of the lines of some heads. */
export function strengthIn(scene: Scene, heads: readonly ShownHead[], layout: TokenLayout): LineStrength<ShownHead> {
  return lineStrength(scene, signal(heads), signal(layout)).value;
}

/** Where the tokens of a scene are. */
export function tokenLayoutOf(scene: Scene): TokenLayout {
  const { query_tokens, key_tokens } = scene.description.value ?? { query_tokens: [], key_tokens: [] };
  const shownMap = scene.shownMap.value;
  if (shownMap && scene.rowWindow?.extents.value) {
    const rows = ({ groups, visibleRows }: Axis) => ({ rows: groups.length, visible: visibleRows });
    return layoutVisible(rows(shownMap.queries), rows(shownMap.keys), scene.rowWindow.size);
  }
  return layoutTokens(query_tokens.length, key_tokens.length, scene.ranges.value);
}

/** The lines as paths, or as an image if they are too many. */
export function linesOf(
  picture: LinesPicture<ShownHead>,
  lines: { readonly query: number | null; readonly key: number | null },
): string {
  const { layout, width } = picture;
  const { heads } = picture.strength;
  const paths = linesMarks(heads, geometryOf(picture, 1, 0), lineStyleOf(picture, lines, 1), MAX_PATHS);
  if (paths !== null) return paths;
  const ratio = Math.min(2, Math.sqrt(MAX_PIXELS / Math.max(1, width * layout.height)));
  const pixels = blankPixels(Math.ceil(width * ratio), Math.ceil(layout.height * ratio));
  const finer = pixels.width / width;
  drawLines(pixels, heads, geometryOf(picture, finer, 0), lineStyleOf(picture, lines, finer));
  return imageAt(0, 0, width, pixels.height / finer, pixels, "smooth");
}

/** The numbers of several heads on their strongest lines. */
function numberMarks({ strength, layout, width }: LinesPicture<ShownHead>, lines: Ends): string {
  const numbers = lineNumbers(strength, layout, width, lines).map(({ one: { head, color }, x, y }) => {
    const ground = rectAt(x - 7.5, y - 6, 15, 12, { rx: 2, fill: hex(color) });
    return ground + textAt(x, y, String(head), { size: 9, anchor: "middle", fill: inkOn(color) });
  });
  return numbers.join("\n");
}

function titleMarks(scene: Scene, queryWidth: number, between: number, style: Style): string {
  const look = { size: 12, fill: style.quiet };
  const isOut = sideLookedFrom(scene.context.options.aids) === "query";
  const direction = isOut ? "attends to →" : "← attended to by";
  return [
    textAt(queryWidth - 6, 9, "query", { ...look, anchor: "end" }),
    textAt(queryWidth + between / 2, 9, direction, { ...look, anchor: "middle" }),
    textAt(queryWidth + between + 6, 9, "key", look),
  ].join("\n");
}
