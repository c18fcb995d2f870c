import { css, inkOn } from "../core/colors";
import type { TokenPair } from "../core/context";
import { heatIndex, type Scale } from "../core/scale";
import { element } from "../dom/element";
import { tokenText } from "../dom/token";
import type { Passage, Piece } from "./text-passages";
import type { Shading } from "./text-shading";

/** A token in the page. */
export interface Shown {
  readonly piece: Piece;
  readonly mark: HTMLElement;
}

/** A passage as running text, with its tokens in order. */
export function passageElement({ title, pieces }: Passage): { root: HTMLElement; shown: readonly Shown[] } {
  // Tokens that were given without their spaces would run into each other.
  const isApart = pieces.length > 1 && !pieces.some(({ text, isSpecial }) => !isSpecial && /\s/.test(text));
  const text = element("div", { class: "hs-prose", dir: "auto", role: "listbox" });
  text.setAttribute("aria-label", title || "Text");
  const shown = pieces.map((piece, index) => {
    if (piece.beyond) return { piece, mark: beyondElement(piece) };
    const mark = pieceElement(piece);
    // The spaces before a token and the line breaks after it are the text's, not the token's: they stay unshaded.
    const lead = /^ +(?=[^ ])/.exec(piece.text)?.[0] ?? (isApart && index > 0 && !piece.isJoined ? " " : "");
    const breaks = /\n+$/.exec(piece.text)?.[0] ?? "";
    if (piece.isSpecial) text.append(element("wbr"), mark, breaks, element("wbr"));
    else text.append(lead, mark, breaks);
    return { piece, mark };
  });
  const heading = title ? [element("div", { class: "hs-prose-title" }, title)] : [];
  const [before, after] = [beyondBand(shown, "before"), beyondBand(shown, "after")];
  return { root: element("div", { class: "hs-passage" }, ...heading, ...before, text, ...after), shown };
}

/** Tokens out of sight, by their place: a chip whose name says which. */
function beyondElement({ text, query, key }: Piece): HTMLElement {
  const attributes = { class: "hs-piece hs-beyond", role: "option", tabindex: -1, "aria-label": text };
  return element("span", {
    ...attributes,
    title: `${text}: go there`,
    "data-query": query ?? undefined,
    "data-key": key ?? undefined,
  });
}

function beyondBand(shown: readonly Shown[], where: "before" | "after"): HTMLElement[] {
  const marks = shown.filter(({ piece }) => piece.beyond === where).map(({ mark }) => mark);
  if (marks.length === 0) return [];
  const name = element("span", { class: "hs-quiet" }, where);
  const band = element("div", { class: "hs-beyond-band", role: "listbox", "aria-label": `Tokens ${where}` }, ...marks);
  return [element("div", { class: "hs-beyond-row" }, name, band)];
}

function pieceElement({ text, isSpecial, query, key }: Piece): HTMLElement {
  const attributes = {
    class: isSpecial ? "hs-piece hs-special" : "hs-piece",
    role: "option",
    // A special token says nothing about the direction of the text that it stands in.
    dir: isSpecial ? "ltr" : undefined,
    tabindex: -1,
    "data-query": query ?? undefined,
    "data-key": key ?? undefined,
  };
  return element("span", attributes, visibleText(text));
}

/** With line breaks inside of a token shown and kept; those at its end are the caller's. */
function visibleText(token: string): string {
  if (/^ +$/.test(token)) return "␣".repeat(token.length);
  if (token === "") return tokenText("").lead;
  const lines = token
    .replace(/^ +/, "")
    .replace(/\n+$/, (breaks) => "⏎".repeat(breaks.length))
    .split("\n");
  return lines
    .map((line) => (line === "" ? null : tokenText(line, Number.MAX_SAFE_INTEGER)))
    .map((shown) => (shown ? shown.lead + shown.text : ""))
    .join("⏎\n");
}

/** The colour of a shade with the ink that can be read on it; none where nothing is attended or the weight is missing. */
export type Inks = (shade: number) => { readonly background: string; readonly color: string };

export function shadeInks(table: Uint8ClampedArray, scale: Scale, top: number): Inks {
  return (shade) => {
    if (!(shade > 0)) return { background: "", color: "" };
    const entry = 3 * heatIndex(shade, scale, top);
    const rgb = [table[entry] as number, table[entry + 1] as number, table[entry + 2] as number] as const;
    return { background: css(rgb), color: inkOn(rgb) };
  };
}

export function shadeTokens(tokens: readonly Shown[], { side, shades }: Shading, inks: Inks): void {
  for (const { piece, mark } of tokens) {
    const position = piece[side];
    const shade = position === null ? 0 : (shades[position] ?? 0);
    const { background, color } = inks(shade);
    mark.dataset.shade = String(shade);
    const isMissing = Number.isNaN(shade);
    mark.classList.toggle("hs-missing", isMissing);
    if (!piece.beyond && (isMissing || mark.title)) mark.title = isMissing ? "missing" : "";
    mark.style.background = background;
    mark.style.color = color;
  }
}

/** Outlines tokens: those pointed at or pinned. */
export function markTokens(tokens: readonly Shown[], at: TokenPair, pinned: TokenPair): void {
  const meant = ({ query, key }: Piece, pair: TokenPair) =>
    (query !== null && query === pair.query) || (key !== null && key === pair.key);
  for (const { piece, mark } of tokens) {
    mark.classList.toggle("hs-at", meant(piece, at));
    if (meant(piece, pinned)) mark.setAttribute("aria-selected", "true");
    else mark.removeAttribute("aria-selected");
  }
}
