import type { SvgBox, SvgPaper } from "./paper";

/** A piece of text on one line. */
export interface TextRun {
  readonly text: string;
  readonly box: SvgBox;
}

/** A run under construction. */
interface TextLine {
  text: string;
  readonly rects: DOMRect[];
}

/** Words and the spaces between them; single letters in scripts without spaces. */
const PIECES = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}]|[^\s\p{sc=Han}\p{sc=Hira}\p{sc=Kana}]+|\s+/gu;

/** The lines into which the browser has broken a text. */
export function runsOf(paper: SvgPaper, node: Text, style: CSSStyleDeclaration): TextRun[] {
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

/** Joins the words on each line. */
function broken(node: Text, range: Range): TextLine[] {
  const lines: TextLine[] = [];
  for (const { 0: piece, index } of node.data.matchAll(PIECES)) {
    if (isOneLine(rectsOf(node, range, index, piece))) addTo(lines, piece, rectsOf(node, range, index, piece));
    else addLetters(lines, node, range, index, piece);
  }
  return lines.filter(({ rects }) => rects.length > 0);
}

/** Adds a word that is longer than a line, letter by letter. */
function addLetters(lines: TextLine[], node: Text, range: Range, start: number, word: string): void {
  let offset = start;
  for (const letter of word) {
    addTo(lines, letter, rectsOf(node, range, offset, letter));
    offset += letter.length;
  }
}

function addTo(lines: TextLine[], text: string, rects: readonly DOMRect[]): void {
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

function around(paper: SvgPaper, rects: readonly DOMRect[]): SvgBox {
  const left = Math.min(...rects.map((rect) => rect.left));
  const top = Math.min(...rects.map((rect) => rect.top));
  const right = Math.max(...rects.map((rect) => rect.right));
  const bottom = Math.max(...rects.map((rect) => rect.bottom));
  return { x: left - paper.origin.x, y: top - paper.origin.y, width: right - left, height: bottom - top };
}
