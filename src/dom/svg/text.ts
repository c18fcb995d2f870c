import { fill } from "./box";
import { paintOf } from "./color";
import { type Font, families } from "./fonts";
import { escapeXml, type SvgAttributes } from "./markup";
import type { SvgBox, SvgPaper } from "./paper";
import type { TextRun } from "./text-runs";

/** Draws one line of text in a computed style, in the box where the browser has it. */
export function drawRun(paper: SvgPaper, { text, box }: TextRun, style: CSSStyleDeclaration): void {
  const paint = paintOf(style.color);
  if (!paint || text.trim() === "") return;
  const shown = directed(cased(text, style.textTransform), style.direction);
  paper.reach(box);
  const look = { ...fontAttributes(style), ...fill(paint) };
  const ascent = paper.fonts.ascent(style);
  if (style.writingMode.startsWith("vertical")) {
    const place = `translate(${(box.x + box.width * (1 - ascent)).toFixed(2)} ${box.y.toFixed(2)}) rotate(90)`;
    paper.text(look, { transform: place, "xml:space": "preserve" }, escapeXml(shown));
    return;
  }
  const y = box.y + box.height * ascent;
  paper.text(look, { ...anchored(box, style), y, "xml:space": "preserve" }, escapeXml(shown));
  drawUnderline(paper, box, y, style);
}

/** The anchor of a text. In a font of another width, the text grows away from it. */
function anchored({ x, width }: SvgBox, { textAlign, direction }: CSSStyleDeclaration): SvgAttributes {
  if (textAlign === "center") return { x: x + width / 2, "text-anchor": "middle" };
  const isRight = textAlign === "right" || textAlign === (direction === "rtl" ? "start" : "end");
  return isRight ? { x: x + width, "text-anchor": "end" } : { x };
}

/**
 * Marks a text that runs from right to left among others that do not. Uses no attribute, because programs disagree on
 * how that moves the text. Purely right-to-left letters need nothing; other texts become an isolate.
 */
function directed(text: string, direction: string): string {
  const isPlain = direction !== "rtl" || /^[\p{sc=Arab}\p{sc=Hebr}\p{M}]*$/u.test(text);
  return isPlain ? text : `\u2067${text}\u2069`;
}

function drawUnderline(paper: SvgPaper, { x, width }: SvgBox, baseline: number, style: CSSStyleDeclaration): void {
  const paint = paintOf(style.textDecorationColor);
  if (!style.textDecorationLine?.includes("underline") || !paint) return;
  const size = Number.parseFloat(style.fontSize);
  const height = Number.parseFloat(style.textDecorationThickness) || size / 14;
  const offset = Number.parseFloat(style.textUnderlineOffset);
  paper.add("rect", { x, y: baseline + (Number.isNaN(offset) ? size / 9 : offset), width, height, ...fill(paint) });
}

function cased(text: string, transform: string): string {
  if (transform === "uppercase") return text.toUpperCase();
  return transform === "lowercase" ? text.toLowerCase() : text;
}

export function fontAttributes({ fontFamily, fontSize, fontWeight, fontStyle }: Font): SvgAttributes {
  return {
    "font-family": families(fontFamily),
    "font-size": fontSize,
    "font-weight": fontWeight === "400" ? undefined : fontWeight,
    "font-style": fontStyle === "normal" ? undefined : fontStyle,
  };
}
