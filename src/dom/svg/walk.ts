import { drawBox, drawOutline } from "./box";
import { redrawOf } from "./canvas-redraw";
import type { SvgBox, SvgPaper } from "./paper";
import { drawPseudo } from "./pseudo";
import { drawRun } from "./text";
import { runsOf, type TextRun } from "./text-runs";

/** Pixels per CSS pixel of embedded images. */
const IMAGE_RATIO = 2;
const SHADED = "Shaded areas are an embedded image.";

/** Draws an element of the page as it looks now, with its contents except for those that `leaveOut` selects. */
export function drawElement(paper: SvgPaper, element: HTMLElement, leaveOut: string): void {
  if (element.matches(leaveOut)) return;
  const style = getComputedStyle(element);
  if (style.display === "none" || !(Number(style.opacity) > 0)) return;
  const opacity = Number(style.opacity);
  const draw = () =>
    style.transform === "none"
      ? drawUpright(paper, element, style, leaveOut)
      : drawTurned(paper, element, style, leaveOut);
  if (opacity < 1) paper.group({ opacity: opacity.toFixed(3) }, draw);
  else draw();
}

function drawUpright(paper: SvgPaper, element: HTMLElement, style: CSSStyleDeclaration, leaveOut: string): void {
  const box = paper.box(element.getBoundingClientRect());
  if (isForListeners(box, style)) return;
  const isVisible = style.visibility === "visible";
  if (isVisible && style.display !== "contents") drawBox(paper, box, style);
  if (element instanceof HTMLCanvasElement) {
    if (isVisible) drawCanvas(paper, element, box, style);
    return;
  }
  const inside = () => drawContent(paper, element, style, box, leaveOut);
  if (isFrame(element, style)) paper.clipped(box, inside);
  else inside();
  // A focus ring serves the person at the keyboard, not a reader of the picture.
  const isChosen = element.matches("[aria-pressed=true], [aria-selected=true]");
  if (isVisible && (isChosen || !element.matches(":focus-visible"))) drawOutline(paper, box, style);
}

function drawContent(
  paper: SvgPaper,
  element: HTMLElement,
  style: CSSStyleDeclaration,
  box: SvgBox,
  leaveOut: string,
): void {
  const texts = [...element.childNodes].filter((node): node is Text => node instanceof Text);
  const runs =
    style.visibility === "visible" ? new Map(texts.map((node) => [node, shown(paper, element, node, style)])) : null;
  const all = [...(runs?.values() ?? [])].flat();
  if (runs) drawPseudo(paper, element, "before", box, all);
  for (const node of element.childNodes) {
    if (node instanceof Text) for (const run of runs?.get(node) ?? []) drawRun(paper, run, style);
    else if (node instanceof HTMLElement) drawElement(paper, node, leaveOut);
  }
  if (runs) drawPseudo(paper, element, "after", box, all);
}

/** The lines of a text, cut with an ellipsis where the browser does so. */
function shown(paper: SvgPaper, element: HTMLElement, node: Text, style: CSSStyleDeclaration): readonly TextRun[] {
  const runs = runsOf(paper, node, style);
  const [only] = runs;
  if (!only || !cutsText(element, style)) return runs;
  const { left, width } = element.getBoundingClientRect();
  const room = left + width - Number.parseFloat(style.paddingRight) - paper.origin.x - only.box.x;
  if (only.box.width <= room + 0.5 || style.direction === "rtl") return runs;
  const letters = [...only.text];
  while (letters.length > 0 && paper.fonts.width(`${letters.join("")}…`, style) > room) letters.pop();
  const text = `${letters.join("")}…`;
  return [{ text, box: { ...only.box, width: paper.fonts.width(text, style) } }];
}

function cutsText(element: HTMLElement, { textOverflow, overflowX }: CSSStyleDeclaration): boolean {
  return textOverflow === "ellipsis" && overflowX !== "visible" && element.scrollWidth > element.clientWidth;
}

/** Whether an element is in the page for screen readers only. */
function isForListeners({ width, height }: SvgBox, { overflowX, clipPath }: CSSStyleDeclaration): boolean {
  return (width <= 1 && height <= 1 && overflowX !== "visible") || clipPath.startsWith("inset(50%");
}

/** Whether an element clips its contents. */
function isFrame(element: HTMLElement, style: CSSStyleDeclaration): boolean {
  if (style.display === "inline" || cutsText(element, style)) return false;
  return style.overflowX !== "visible" || style.overflowY !== "visible";
}

/** Draws an element as if upright, and then rotates the drawing. */
function drawTurned(paper: SvgPaper, element: HTMLElement, style: CSSStyleDeclaration, leaveOut: string): void {
  const { transform, transformOrigin } = style;
  const around = paper.box(element.getBoundingClientRect());
  const own = element.style.transform;
  element.style.transform = "none";
  const { x, y } = paper.box(element.getBoundingClientRect());
  const [across = 0, down = 0] = transformOrigin.split(" ").map(Number.parseFloat);
  const [left, top] = [x + across, y + down];
  const matrix = new DOMMatrix(transform);
  const { a, b, c, d, e, f } = new DOMMatrix().translate(left, top).multiply(matrix).translate(-left, -top);
  const numbers = [a, b, c, d, e, f].map((number) => Number(number.toFixed(4)));
  paper.within(around, () =>
    paper.group({ transform: `matrix(${numbers.join(" ")})` }, () => drawUpright(paper, element, style, leaveOut)),
  );
  element.style.transform = own;
}

function drawCanvas(paper: SvgPaper, canvas: HTMLCanvasElement, box: SvgBox, style: CSSStyleDeclaration): void {
  if (box.width <= 0 || box.height <= 0) return;
  const redraw = redrawOf(canvas);
  const request = { width: box.width, height: box.height, marks: paper.marks, ratio: IMAGE_RATIO };
  const drawing = redraw ? redraw(request) : { image: canvas, why: SHADED };
  if (!drawing) return;
  paper.reach(box);
  if ("marks" in drawing) {
    paper.group({ transform: `translate(${box.x.toFixed(2)} ${box.y.toFixed(2)})` }, () => paper.markup(drawing.marks));
    return;
  }
  paper.notes.add(drawing.why);
  paper.add("image", {
    ...box,
    preserveAspectRatio: "none",
    "image-rendering": style.imageRendering === "pixelated" ? "pixelated" : undefined,
    "xlink:href": drawing.image.toDataURL("image/png"),
  });
}
