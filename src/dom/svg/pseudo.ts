import { drawBox } from "./box";
import type { SvgBox, SvgPaper } from "./paper";
import { drawRun } from "./text";
import type { TextRun } from "./text-runs";

/** Draws the pseudo-element before or after the content of an element, given the element's box and runs of text. */
export function drawPseudo(
  paper: SvgPaper,
  element: Element,
  side: "before" | "after",
  outer: SvgBox,
  runs: readonly TextRun[],
): void {
  const style = getComputedStyle(element, `::${side}`);
  if (["none", "normal", ""].includes(style.content) || style.display === "none") return;
  const text = contentOf(element, style.content);
  const opacity = Number(style.opacity);
  const box =
    style.position === "absolute"
      ? placedBox(outer, element, style)
      : inlineBox(paper, element, text, side, outer, runs, style);
  if (!box || !(opacity > 0)) return;
  const draw = () => {
    if (style.position === "absolute") drawBox(paper, box, style);
    drawRun(paper, { text, box: text === "" ? box : lineIn(paper, box, text, style) }, style);
  };
  if (opacity < 1) paper.group({ opacity }, draw);
  else draw();
}

/** The text of a computed `content`: of quoted strings and of attributes, which some browsers do not resolve. */
function contentOf(element: Element, content: string): string {
  return [...content.matchAll(/"((?:[^"\\]|\\.)*)"|attr\(([\w-]+)\)/gs)]
    .map(([, quoted, name]) => (name ? (element.getAttribute(name) ?? "") : (quoted ?? "").replace(/\\(.)/gs, "$1")))
    .join("");
}

/** The place of a positioned pseudo-element, whose computed offsets are in pixels. */
function placedBox(outer: SvgBox, element: Element, style: CSSStyleDeclaration): SvgBox | null {
  const [x, y, width, height] = [style.left, style.top, style.width, style.height].map(Number.parseFloat) as [
    number,
    number,
    number,
    number,
  ];
  if (![x, y, width, height].every(Number.isFinite)) return null;
  return { x: outer.x + element.clientLeft + x, y: outer.y + element.clientTop + y, width, height };
}

/**
 * The place of an inline pseudo-element: beside the text, at its start or end; in an element without text, at the start
 * of its line.
 */
function inlineBox(
  paper: SvgPaper,
  element: Element,
  text: string,
  side: "before" | "after",
  outer: SvgBox,
  runs: readonly TextRun[],
  style: CSSStyleDeclaration,
): SvgBox {
  const width = paper.fonts.width(text, style);
  const run = side === "before" ? runs[0] : runs.at(-1);
  const isLeft = (side === "before") !== (style.direction === "rtl");
  if (run) {
    const { x, y, height } = run.box;
    return { x: isLeft ? x - width : x + run.box.width, y, width, height };
  }
  const { paddingLeft, paddingRight, paddingTop, textAlign } = getComputedStyle(element);
  const [left, right, top] = [paddingLeft, paddingRight, paddingTop].map(Number.parseFloat) as [number, number, number];
  const x = textAlign === "right" ? outer.x + outer.width - right - width : outer.x + left;
  return { x, y: outer.y + top, width, height: Number.parseFloat(style.lineHeight) || outer.height };
}

/** The place of the text in its own box: on the first line, or in the middle if the layout centres it. */
function lineIn(paper: SvgPaper, box: SvgBox, text: string, style: CSSStyleDeclaration): SvgBox {
  const { up, down } = paper.fonts.extent(style);
  if (/grid|flex/.test(style.display)) {
    const width = paper.fonts.width(text, style);
    return { x: box.x + (box.width - width) / 2, y: box.y + (box.height - up - down) / 2, width, height: up + down };
  }
  const line = style.position === "absolute" ? Number.parseFloat(style.lineHeight) || up + down : box.height;
  return { ...box, y: box.y + (line - up - down) / 2, height: up + down };
}
