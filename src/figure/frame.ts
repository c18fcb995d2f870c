import { attributesText, escapeXml, tag } from "../core/look/markup";
import { textWidth, wrapped } from "./paper/letters";
import { headSquare, type MarkedPart, movedBy, rectAt, SQUARE, textAt } from "./paper/marks";
import type { Style } from "./paper/style";
import type { FigureLook } from "./spec";
import type { PanelWords } from "./words";

/** A picture as a whole SVG file. */
export interface FigureFile {
  readonly text: string;
  /** In CSS pixels. */
  readonly width: number;
  readonly height: number;
}

export const MARGIN = 12;
const GAP = 6;
/** The least width of a figure, so that the title of a small picture stays in one piece. */
const NARROWEST = 240;
/** The size of tokens before the figure is scaled. */
export const FONT_SIZE = 13;

const NAMESPACES = { xmlns: "http://www.w3.org/2000/svg", "xmlns:xlink": "http://www.w3.org/1999/xlink" };

/** How wide a figure's content can be before the figure is scaled; null for any width. */
export function roomOf({ width, fontSize }: FigureLook): number | null {
  return width === null ? null : Math.max(1, (width * FONT_SIZE) / fontSize - 2 * MARGIN);
}

/** Puts the title and the legend above a picture and the caption below, and makes a file of the given width. */
export function framed(body: MarkedPart, words: PanelWords, look: FigureLook, style: Style): FigureFile {
  const room = roomOf(look);
  const width = Math.max(body.width, room ?? NARROWEST);
  const above = wordsAbove(look.title ?? words.title, look.title === "" ? [] : words.keys, width, style);
  const below = wordsBelow(look.caption ?? words.caption, width, style);
  const top = MARGIN + above.height + (above.height > 0 ? GAP : 0);
  const bottom = top + body.height + (below.height > 0 ? GAP : 0);
  const [inner, outer] = [Math.ceil(width + 2 * MARGIN), Math.ceil(bottom + below.height + MARGIN)];
  // A picture that needs more room than there is becomes smaller as a whole.
  const scale = look.width === null ? look.fontSize / FONT_SIZE : look.width / inner;
  const size = { width: inner * scale, height: outer * scale };
  const x = MARGIN + Math.max(0, (width - body.width) / 2);
  const parts = [
    tag("title", {}, escapeXml(look.title || words.title)),
    tag("desc", {}, escapeXml(look.caption ?? words.caption)),
    look.transparent ? "" : rectAt(0, 0, inner, outer, { fill: style.background }),
    movedBy(MARGIN, MARGIN, above.marks),
    movedBy(room === null ? MARGIN : x, top, body.marks),
    movedBy(MARGIN, bottom, below.marks),
  ];
  const fonts = { "font-family": style.sans, "font-size": FONT_SIZE, fill: style.text };
  const attributes = attributesText({ ...NAMESPACES, ...size, viewBox: `0 0 ${inner} ${outer}`, ...fonts });
  return { text: `<svg${attributes}>\n${parts.filter(Boolean).join("\n")}\n</svg>\n`, ...size };
}

/** The title, followed by as many squares of heads per line as fit. */
export function wordsAbove(title: string, keys: PanelWords["keys"], width: number, style: Style): MarkedPart {
  if (title === "" && keys.length === 0) return { marks: "", width, height: 0 };
  const lines = wrapped(title, width, 13, true);
  let x = lines.length > 0 ? textWidth(lines.at(-1) as string, 13, true) + 8 : 0;
  let y = Math.max(0, lines.length - 1) * 20;
  const squares = keys.map(({ head, color, ink }) => {
    if (x + SQUARE.width > width) [x, y] = [0, y + 20];
    const square = headSquare(x, y + 2, head, color, ink);
    x += SQUARE.step;
    return square;
  });
  const texts = lines.map((line, row) => textAt(0, row * 20 + 10, line, { bold: true, fill: style.text }));
  return { marks: [...texts, ...squares].join("\n"), width, height: y + 22 };
}

function wordsBelow(caption: string, width: number, style: Style): MarkedPart {
  if (caption === "") return { marks: "", width, height: 0 };
  const lines = caption.split("\n").flatMap((line) => wrapped(line, width, 11));
  const texts = lines.map((line, row) => textAt(0, row * 16 + 9, line, { size: 11, fill: style.quiet }));
  return { marks: texts.join("\n"), width, height: lines.length * 16 + 2 };
}
