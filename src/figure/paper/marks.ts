import type { Rgb } from "../../core/look/line-geometry";
import { decimal, escapeXml, type SvgAttributes, tag } from "../../core/look/markup";
import type { PixelBuffer } from "../../core/look/pixel-buffer";
import { MONO, textWidth } from "./letters";
import { pngAddress } from "./png";

/** SVG markup whose upper left corner is at 0, 0, in pixels before the figure is scaled. */
export interface MarkedPart {
  readonly marks: string;
  readonly width: number;
  readonly height: number;
}

/** A colour as SVG readers understand it. */
export function hex(rgb: Rgb): string {
  return `#${rgb.map((channel) => Math.round(channel).toString(16).padStart(2, "0")).join("")}`;
}

export interface TextLook {
  readonly size?: number;
  readonly fill?: string | undefined;
  readonly anchor?: "middle" | "end" | undefined;
  readonly bold?: boolean;
  /** The family, if it is not that of the surroundings. */
  readonly family?: string | undefined;
  /** The width to which the letters are fitted, in pixels; as wide as they are by default. */
  readonly length?: number;
  readonly more?: SvgAttributes;
}

/** A line of text whose middle is at `y`. */
export function textAt(x: number, y: number, text: string, look: TextLook = {}): string {
  return spansAt(x, y, [{ text }], look);
}

/** A part of a line; `faint` for marks that are no letters. */
export interface TextSpan {
  readonly text: string;
  readonly faint?: boolean;
}

/** A line of several parts whose middle is at `y`. */
export function spansAt(x: number, y: number, spans: readonly TextSpan[], look: TextLook = {}): string {
  const { size = 13, fill, anchor, bold = false, family, length, more = {} } = look;
  const content = spans
    .filter(({ text }) => text !== "")
    .map(({ text, faint }) => (faint ? tag("tspan", { "fill-opacity": 0.5 }, escapeXml(text)) : escapeXml(text)))
    .join("");
  if (content === "") return "";
  // Small letters are about half an em high, and hang from the line at 0.35 em below their middle.
  const place = { x, y: y + 0.35 * size, "text-anchor": anchor };
  const font = { "font-size": size, "font-weight": bold ? "bold" : undefined, "font-family": family };
  const fit = length === undefined ? {} : { textLength: length, lengthAdjust: "spacingAndGlyphs" };
  return tag("text", { ...place, fill, ...font, "xml:space": "preserve", ...fit, ...more }, content);
}

export function rectAt(x: number, y: number, width: number, height: number, attributes: SvgAttributes): string {
  return tag("rect", { x, y, width, height, ...attributes });
}

/** Pixels, stretched over a rectangle: as cells with sharp edges, or smoothly. */
export function imageAt(
  x: number,
  y: number,
  width: number,
  height: number,
  pixels: PixelBuffer,
  edges: "sharp" | "smooth" = "sharp",
): string {
  const style = edges === "sharp" ? "image-rendering:pixelated" : undefined;
  const look = { preserveAspectRatio: "none", style };
  return tag("image", { x, y, width, height, ...look, "xlink:href": pngAddress(pixels) });
}

/** Moves marks; empty for none. */
export function movedBy(x: number, y: number, marks: string): string {
  return marks && `<g transform="translate(${decimal(x)} ${decimal(y)})">\n${marks}\n</g>`;
}

/** Marks in one look. */
export function groupOf(attributes: SvgAttributes, marks: readonly string[]): string {
  const content = marks.filter(Boolean).join("\n");
  return content && tag("g", attributes, `\n${content}\n`);
}

/** A square with a head's number, 20 x 16 pixels. */
export function headSquare(x: number, y: number, head: number, color: Rgb, ink: string): string {
  const square = rectAt(x, y, SQUARE.width, SQUARE.height, { rx: 2, fill: hex(color) });
  return (
    square +
    textAt(x + SQUARE.width / 2, y + SQUARE.height / 2, String(head), { size: 11, anchor: "middle", fill: ink })
  );
}

export const SQUARE = { width: 20, height: 16, step: 23 };

export { MONO, textWidth };
