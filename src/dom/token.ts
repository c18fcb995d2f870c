import { element } from "./element";

/** In a column, longer tokens are cut in the middle; the title holds the full text. */
const MAX_LENGTH = 18;

/** East Asian letters and emoji, which take two columns of a monospace font. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** A readable form of a token: marks for its leading spaces, and the rest, cut if it is long. */
export interface TokenText {
  readonly lead: string;
  readonly text: string;
  readonly isCut: boolean;
}

export function tokenText(token: string, maxLength = MAX_LENGTH): TokenText {
  if (token === "") return { lead: "∅", text: "", isCut: false };
  // The sign of a word that follows without a space: see core/reduce/shown-map.ts.
  if (token.length > 1 && token.startsWith("\u203f"))
    return { ...tokenText(token.slice(1), maxLength), lead: "\u203f" };
  const body = token.replace(/^ +/, "");
  const letters = [...body.replace(/ +$/, marks).replace(/\p{Cc}/gu, controlMark)];
  const isCut = letters.length > maxLength;
  const half = maxLength / 2;
  const shown = isCut ? [...letters.slice(0, half), "…", ...letters.slice(1 - half)] : letters;
  return { lead: "␣".repeat(Math.min(token.length - body.length, 8)), text: shown.join(""), isCut };
}

/** About how many columns of a monospace font a token takes. */
export function tokenColumns({ lead, text }: TokenText): number {
  return [...lead, ...text].reduce((sum, letter) => sum + (WIDE.test(letter) ? 2 : 1), 0);
}

/** Uses a single element per token, because long inputs have many. The style sheet draws the leading spaces. */
export function tokenElement(token: string, side: "query" | "key", position: number, isSpecial: boolean): HTMLElement {
  const { lead, text, isCut } = tokenText(token);
  return element(
    "div",
    {
      class: isSpecial ? "hs-token hs-special" : "hs-token",
      role: "option",
      dir: "auto",
      tabindex: -1,
      title: isCut ? token : undefined,
      [`data-${side}`]: position,
      "data-lead": lead || undefined,
    },
    text,
  );
}

function controlMark(letter: string): string {
  if (letter === "\n") return "⏎";
  if (letter === "\t") return "⇥";
  const code = letter.charCodeAt(0);
  return code < 32 ? String.fromCharCode(0x2400 + code) : "�";
}

function marks(spaces: string): string {
  return "␣".repeat(spaces.length);
}
