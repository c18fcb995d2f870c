import type { FigureText } from "../../core/look/picture-export";
import { fill } from "./box";
import { paintOf } from "./color";
import type { Font, Fonts } from "./fonts";
import { escapeXml, tag } from "./markup";
import { fontAttributes } from "./text";

/** Markup whose top left corner is at 0, 0. */
export interface CaptionPart {
  readonly marks: string;
  readonly height: number;
}

const KEY = { width: 20, height: 16, step: 23 };

/** The title, followed by as many legend keys per line as fit. */
export function wordsAbove(
  fonts: Fonts,
  { title, keys }: FigureText,
  width: number,
  family: string,
  color: string,
): CaptionPart {
  const font: Font = { fontFamily: family, fontSize: "13px", fontWeight: "600", fontStyle: "normal" };
  const lines = wrapped(fonts, title, width, font);
  let x = fonts.width(lines.at(-1) ?? "", font) + 8;
  let y = (lines.length - 1) * 20;
  const small = fontAttributes({ ...font, fontSize: "11px", fontWeight: "400" });
  const squares = keys.map(({ text, color, ink }) => {
    if (x + KEY.width > width) [x, y] = [0, y + 20];
    const square = tag("rect", { x, y: y + 2, width: KEY.width, height: KEY.height, rx: 2, fill: color });
    const place = { x: x + KEY.width / 2, y: y + 14, "text-anchor": "middle", fill: ink };
    x += KEY.step;
    return square + tag("text", { ...place, ...small }, escapeXml(text));
  });
  return { marks: [...textLines(lines, 20, font, color), ...squares].join("\n"), height: y + 26 };
}

export function wordsBelow(
  fonts: Fonts,
  { caption }: FigureText,
  width: number,
  family: string,
  color: string,
): CaptionPart {
  if (caption === "") return { marks: "", height: 0 };
  const font: Font = { fontFamily: family, fontSize: "11px", fontWeight: "400", fontStyle: "normal" };
  const lines = wrapped(fonts, caption, width, font);
  return { marks: textLines(lines, 16, font, color).join("\n"), height: lines.length * 16 };
}

function textLines(lines: readonly string[], height: number, font: Font, color: string): string[] {
  const look = { ...fontAttributes(font), ...fill(paintOf(color) ?? { color: "#000000", opacity: 1 }) };
  return lines.map((line, row) => tag("text", { x: 0, y: row * height + 14, ...look }, escapeXml(line)));
}

/** Breaks a text between words into lines that fit. */
function wrapped(fonts: Fonts, text: string, width: number, font: Font): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = lines.length > 0 ? `${lines.at(-1)} ${word}` : word;
    if (lines.length > 0 && fonts.width(longer, font) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
