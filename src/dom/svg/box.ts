import { type Paint, paintOf } from "./color";
import { type Gradient, gradientOf, splitByCommas } from "./gradient";
import { type SvgAttributes, tag } from "./markup";
import type { SvgBox, SvgPaper } from "./paper";

const SIDES = ["Top", "Right", "Bottom", "Left"] as const;

/** Draws the background and the borders of a box. */
export function drawBox(paper: SvgPaper, box: SvgBox, style: CSSStyleDeclaration): void {
  if (box.width <= 0 || box.height <= 0) return;
  const radius = Number.parseFloat(style.borderTopLeftRadius) || 0;
  const background = paintOf(style.backgroundColor);
  if (background && !isBackground(paper, background))
    rect(paper, box, { ...fill(background), rx: radius || undefined });
  if (style.backgroundImage !== "none") drawImages(paper, box, style);
  drawShadow(paper, box, style.boxShadow, radius);
  drawBorders(paper, box, style, radius);
}

/** Draws the outline that marks a box, such as the chosen head of a grid. */
export function drawOutline(paper: SvgPaper, box: SvgBox, style: CSSStyleDeclaration): void {
  const width = Number.parseFloat(style.outlineWidth) || 0;
  const paint = paintOf(style.outlineColor);
  if (style.outlineStyle === "none" || width === 0 || !paint) return;
  const gap = (Number.parseFloat(style.outlineOffset) || 0) + width / 2;
  const radius = Number.parseFloat(style.borderTopLeftRadius) || 0;
  rect(paper, grown(box, gap), { ...line(paint, width), rx: radius > 0 ? Math.max(0, radius + gap) : undefined });
}

/** A box in the background colour is not drawn, so that the background can be made transparent. */
function isBackground({ background }: SvgPaper, { color, opacity }: Paint): boolean {
  return opacity === 1 && color === background;
}

export function fill({ color, opacity }: Paint): SvgAttributes {
  return { fill: color, "fill-opacity": opacity < 1 ? opacity.toFixed(3) : undefined };
}

function line({ color, opacity }: Paint, width: number): SvgAttributes {
  const faint = opacity < 1 ? opacity.toFixed(3) : undefined;
  return { fill: "none", stroke: color, "stroke-opacity": faint, "stroke-width": width };
}

function rect(paper: SvgPaper, box: SvgBox, attributes: SvgAttributes): void {
  paper.reach(box);
  paper.add("rect", { ...box, ...attributes });
}

function grown({ x, y, width, height }: SvgBox, by: number): SvgBox {
  return { x: x - by, y: y - by, width: Math.max(0, width + 2 * by), height: Math.max(0, height + 2 * by) };
}

/** Draws lines around or inside a box that are shadows without blur. */
function drawShadow(paper: SvgPaper, box: SvgBox, shadow: string, radius: number): void {
  for (const one of shadow === "none" ? [] : splitByCommas(shadow)) {
    const lengths = [...one.matchAll(/(-?[\d.]+)px/g)].map(([, length]) => Number(length));
    const [x = 0, y = 0, blur = 0, spread = 0] = lengths;
    const paint = paintOf(one.replace(/\s*(?:-?[\d.]+px|inset)\s*/g, " ").trim());
    if (!paint || x !== 0 || y !== 0 || blur !== 0 || spread <= 0) continue;
    const inward = one.includes("inset") ? -1 : 1;
    rect(paper, grown(box, (inward * spread) / 2), { ...line(paint, spread), rx: radius || undefined });
  }
}

function drawBorders(paper: SvgPaper, box: SvgBox, style: CSSStyleDeclaration, radius: number): void {
  const borders = SIDES.map((side) => {
    const isDrawn = !["none", "hidden"].includes(style[`border${side}Style`]);
    const width = isDrawn ? Number.parseFloat(style[`border${side}Width`]) || 0 : 0;
    return { width, color: style[`border${side}Color`] };
  });
  const [first] = borders;
  if (first && first.width > 0 && borders.every(({ width, color }) => width === first.width && color === first.color)) {
    const paint = paintOf(first.color);
    if (paint) rect(paper, grown(box, -first.width / 2), { ...line(paint, first.width), rx: radius || undefined });
    return;
  }
  borders.forEach(({ width, color }, side) => {
    const paint = paintOf(color);
    if (width > 0 && paint) rect(paper, edge(box, side, width), fill(paint));
  });
}

/** The border on one side, clockwise from the top. */
function edge({ x, y, width, height }: SvgBox, side: number, thickness: number): SvgBox {
  if (side % 2 === 0) return { x, y: side === 0 ? y : y + height - thickness, width, height: thickness };
  return { x: side === 3 ? x : x + width - thickness, y, width: thickness, height };
}

function drawImages(paper: SvgPaper, outer: SvgBox, style: CSSStyleDeclaration): void {
  // Images lie inside the borders, which have equal widths on all our boxes with images.
  const border = Number.parseFloat(style.borderTopWidth) || 0;
  const box = grown(outer, -border);
  const radius = Math.max(0, (Number.parseFloat(style.borderTopLeftRadius) || 0) - border);
  const images = splitByCommas(style.backgroundImage);
  const [sizes, places] = [splitByCommas(style.backgroundSize), splitByCommas(style.backgroundPosition)];
  images.forEach((image, index) => {
    const [width = "auto", height = "auto"] = (sizes[index % sizes.length] ?? "auto").split(/\s+(?![^(]*\))/);
    const size = { width: extent(width, box.width), height: extent(height, box.height) };
    const [x = "0%", y = "0%"] = (places[index % places.length] ?? "0% 0%").split(/\s+(?![^(]*\))/);
    const area = {
      x: box.x + cssLength(x, box.width - size.width),
      y: box.y + cssLength(y, box.height - size.height),
      ...size,
    };
    const gradient = gradientOf(image, (across) => (across ? area.width : area.height));
    // Only an image that fills its box reaches the rounded corners.
    const rx = size.width === box.width && size.height === box.height ? radius : 0;
    if (gradient) drawGradient(paper, area, gradient, rx);
  });
}

function extent(size: string, whole: number): number {
  return size === "auto" ? whole : cssLength(size, whole);
}

/** Parses a length such as `56px`, `50%` or `calc(100% - 8px)`; `whole` is 100 percent in pixels. */
export function cssLength(text: string, whole: number): number {
  let total = 0;
  for (const [, sign, number, unit] of text.matchAll(/([+-]?)\s*([\d.]+)(px|%)/g)) {
    const value = Number(number) * (unit === "%" ? whole / 100 : 1);
    total += sign === "-" ? -value : value;
  }
  return total;
}

/** One rectangle for each stretch of a single colour; a fading stretch has a gradient of its own. */
function drawGradient(paper: SvgPaper, area: SvgBox, { across, stretches }: Gradient, rx: number): void {
  if (area.width <= 0 || area.height <= 0) return;
  if (stretches.every(({ start, end }) => start?.color === end?.color && start?.opacity === end?.opacity)) {
    for (const { from, to, start } of stretches) if (start) rect(paper, part(area, across, from, to), fill(start));
    return;
  }
  const id = paper.id("ramp");
  const stops = stretches.flatMap(({ from, to, start, end }) => [stop(from, start), stop(to, end)]);
  const direction = across ? { x1: 0, y1: 0, x2: 1, y2: 0 } : { x1: 0, y1: 0, x2: 0, y2: 1 };
  paper.markup(tag("linearGradient", { id, ...direction }, stops.join("")));
  rect(paper, area, { fill: `url(#${id})`, rx: rx || undefined });
}

function part({ x, y, width, height }: SvgBox, across: boolean, from: number, to: number): SvgBox {
  if (across) return { x: x + from * width, y, width: (to - from) * width, height };
  return { x, y: y + from * height, width, height: (to - from) * height };
}

function stop(at: number, paint: Paint | null): string {
  const opacity = paint && paint.opacity === 1 ? undefined : (paint?.opacity ?? 0).toFixed(3);
  return tag("stop", { offset: at.toFixed(4), "stop-color": paint?.color ?? "#000000", "stop-opacity": opacity });
}
