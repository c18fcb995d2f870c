import { type Font, families } from "./fonts";
import { fill } from "./svg-box";
import { paintOf } from "./svg-color";
import { escapeXml, type SvgAttributes } from "./svg-markup";
import type { Box, SvgPaper } from "./svg-paper";
import type { Run } from "./text-runs";

/** Draws one line of text in a computed style. Its box is where the browser has it. */
export function drawRun(paper: SvgPaper, { text, box }: Run, style: CSSStyleDeclaration): void {
  const paint = paintOf(style.color);
  const shown = cased(text, style.textTransform);
  if (!paint || shown.trim() === "") return;
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

/** Where a text is held: in a font of another width it grows away from there. */
function anchored({ x, width }: Box, { textAlign, direction }: CSSStyleDeclaration): SvgAttributes {
  const rtl = direction === "rtl" ? "rtl" : undefined;
  if (textAlign === "center") return { x: x + width / 2, "text-anchor": "middle", direction: rtl };
  const isRight = textAlign === "right" || textAlign === (rtl ? "start" : "end");
  return { x: isRight ? x + width : x, "text-anchor": isRight !== Boolean(rtl) ? "end" : undefined, direction: rtl };
}

function drawUnderline(paper: SvgPaper, { x, width }: Box, baseline: number, style: CSSStyleDeclaration): void {
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
