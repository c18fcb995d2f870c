import { BOLD, FIRST, PARTS, PLAIN } from "./letter-widths";

/** East Asian letters and emoji are as wide as they are high. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
/** The width of other letters that are not listed, in em. */
const USUAL = 0.65;
/** The width of a letter of DejaVu Sans Mono and its relatives, in em. */
export const MONO = 0.603;

/**
 * The width of a text in pixels. The widths are those of the font that figures name first, and are the same wherever a
 * figure is drawn.
 */
export function textWidth(text: string, size: number, isBold = false): number {
  const widths = isBold ? BOLD : PLAIN;
  return [...text].reduce((sum, letter) => sum + letterWidth(letter, widths), 0) * size;
}

function letterWidth(letter: string, widths: string): number {
  const listed = widths.charCodeAt((letter.codePointAt(0) as number) - FIRST);
  if (Number.isFinite(listed)) return (listed - 32) / PARTS;
  return WIDE.test(letter) ? 1 : USUAL;
}

/** Breaks a text between words into lines of at most `width` pixels, and within words that are longer. */
export function wrapped(text: string, width: number, size: number, isBold = false): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = lines.length > 0 ? `${lines.at(-1)} ${word}` : word;
    if (lines.length > 0 && textWidth(longer, size, isBold) <= width) lines[lines.length - 1] = longer;
    else lines.push(...broken(word, width, (letters) => textWidth(letters, size, isBold)));
  }
  return lines;
}

/** Breaks a text between letters into parts of at most `width` pixels, but of one letter at least. */
export function broken(text: string, width: number, widthOf: (letters: string) => number): string[] {
  const parts: string[] = [];
  let used = Number.POSITIVE_INFINITY;
  // A letter keeps the marks on it.
  for (const letter of text.match(/\P{M}\p{M}*|\p{M}+/gsu) ?? []) {
    const wide = widthOf(letter);
    if (used + wide > width) [used] = [0, parts.push("")];
    parts[parts.length - 1] += letter;
    used += wide;
  }
  return parts;
}
