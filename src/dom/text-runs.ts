import type { Box, SvgPaper } from "./svg-paper";

/** A piece of text on one line. */
export interface Run {
  readonly text: string;
  readonly box: Box;
}

/** A run as it is put together. */
interface Line {
  text: string;
  readonly rects: DOMRect[];
}

/** Words with what parts them; a letter at a time where the script has no spaces. */
const PIECES = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}]|[^\s\p{sc=Han}\p{sc=Hira}\p{sc=Kana}]+|\s+/gu;

/** The lines of a text as the browser has broken it. */
export function runsOf(paper: SvgPaper, node: Text, style: CSSStyleDeclaration): Run[] {
  const range = document.createRange();
  range.selectNodeContents(node);
  const rects = visible(range);
  if (rects.length === 0) return [];
  const isWhole = style.writingMode.startsWith("vertical") || isOneLine(rects);
  const lines = isWhole ? [{ text: node.data, rects }] : broken(node, range);
  const keepsSpaces = /^(?:pre|break-spaces)/.test(style.whiteSpace);
  return lines
    .map(({ text, rects }) => ({
      text: keepsSpaces ? text : text.replace(/\s+/g, " ").trim(),
      box: around(paper, rects),
    }))
    .filter(({ text }) => text !== "");
}

/** Puts the words together that stand on the same line. */
function broken(node: Text, range: Range): Line[] {
  const lines: Line[] = [];
  for (const { 0: piece, index } of node.data.matchAll(PIECES)) {
    if (isOneLine(rectsOf(node, range, index, piece))) addTo(lines, piece, rectsOf(node, range, index, piece));
    else addLetters(lines, node, range, index, piece);
  }
  return lines.filter(({ rects }) => rects.length > 0);
}

/** A word that is longer than a line. */
function addLetters(lines: Line[], node: Text, range: Range, start: number, word: string): void {
  let offset = start;
  for (const letter of word) {
    addTo(lines, letter, rectsOf(node, range, offset, letter));
    offset += letter.length;
  }
}

function addTo(lines: Line[], text: string, rects: readonly DOMRect[]): void {
  const line = lines.at(-1);
  if (line && isOneLine([...line.rects.slice(0, 1), ...rects])) {
    line.text += text;
    line.rects.push(...rects);
  } else lines.push({ text, rects: [...rects] });
}

function rectsOf(node: Text, range: Range, start: number, text: string): DOMRect[] {
  range.setStart(node, start);
  range.setEnd(node, start + text.length);
  return visible(range);
}

function visible(range: Range): DOMRect[] {
  return [...range.getClientRects()].filter(({ width, height }) => width > 0 && height > 0);
}

function isOneLine(rects: readonly DOMRect[]): boolean {
  const [first] = rects;
  return !first || rects.every(({ top }) => Math.abs(top - first.top) < first.height / 2);
}

function around(paper: SvgPaper, rects: readonly DOMRect[]): Box {
  const left = Math.min(...rects.map((rect) => rect.left));
  const top = Math.min(...rects.map((rect) => rect.top));
  const right = Math.max(...rects.map((rect) => rect.right));
  const bottom = Math.max(...rects.map((rect) => rect.bottom));
  return { x: left - paper.origin.x, y: top - paper.origin.y, width: right - left, height: bottom - top };
}
