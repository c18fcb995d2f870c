import { css, heatIndex, inkOn, type Scale } from "../../core/look/colors";
import type { TokenPair } from "../../core/state/context";
import { element } from "../../dom/element";
import { tokenText } from "../../dom/token";
import type { Passage, PassageToken } from "./passages";
import type { Shading } from "./shading";

/** A token and its element in the page. */
export interface ShownToken {
  readonly piece: PassageToken;
  readonly mark: HTMLElement;
}

/** Short texts are numbered at every 5th token, others at every 10th, about one number a line. */
const [SHORT, STEP, SHORT_STEP] = [40, 10, 5];

/** Builds a passage as running text, with its tokens in order. */
export function passageElement({ title, pieces }: Passage): { root: HTMLElement; shown: readonly ShownToken[] } {
  // Tokens that were given without their spaces would run together.
  const isApart = pieces.length > 1 && !pieces.some(({ text, isSpecial }) => !isSpecial && /\s/.test(text));
  const text = element("div", { class: "hs-prose", dir: "auto", role: "listbox" });
  text.setAttribute("aria-label", title || "Text");
  const step = pieces.length < SHORT ? SHORT_STEP : STEP;
  const shown = pieces.map((piece, index) => {
    if (piece.beyond) return { piece, mark: beyondElement(piece) };
    const mark = pieceElement(piece);
    // The spaces before a token and the line breaks after it belong to the text, not to the token, so they stay
    // unshaded.
    const lead = /^ +(?=[^ ])/.exec(piece.text)?.[0] ?? (isApart && index > 0 && !piece.isJoined ? " " : "");
    const breaks = /\n+$/.exec(piece.text)?.[0] ?? "";
    const number = piece.position !== null && piece.position % step === 0 ? [numberElement(piece.position)] : [];
    if (piece.isSpecial) text.append(element("wbr"), ...number, mark, breaks, element("wbr"));
    else text.append(lead, ...number, mark, breaks);
    return { piece, mark };
  });
  const heading = title ? [element("div", { class: "hs-prose-title" }, title)] : [];
  const [before, after] = [beyondBand(shown, "before"), beyondBand(shown, "after")];
  return { root: element("div", { class: "hs-passage" }, ...heading, ...before, text, ...after), shown };
}

/** A chip for tokens out of sight. Its name says which. */
function beyondElement({ text, query, key }: PassageToken): HTMLElement {
  const attributes = { class: "hs-piece hs-beyond", role: "option", tabindex: -1, "aria-label": text };
  return element("span", {
    ...attributes,
    title: `${text}: go there`,
    "data-query": query ?? undefined,
    "data-key": key ?? undefined,
  });
}

function beyondBand(shown: readonly ShownToken[], where: "before" | "after"): HTMLElement[] {
  const marks = shown.filter(({ piece }) => piece.beyond === where).map(({ mark }) => mark);
  if (marks.length === 0) return [];
  const name = element("span", { class: "hs-quiet" }, where);
  const band = element("div", { class: "hs-beyond-band", role: "listbox", "aria-label": `Tokens ${where}` }, ...marks);
  return [element("div", { class: "hs-beyond-row" }, name, band)];
}

/** The style sheet draws the number, because it is no part of the text that a reader copies. */
function numberElement(position: number): HTMLElement {
  const number = position.toLocaleString("en");
  return element("span", { class: "hs-prose-number", "aria-hidden": "true", "data-number": number });
}

function pieceElement({ text, isSpecial, query, key, position }: PassageToken): HTMLElement {
  const attributes = {
    class: isSpecial ? "hs-piece hs-special" : "hs-piece",
    role: "option",
    // A special token does not determine the direction of the text around it.
    dir: isSpecial ? "ltr" : undefined,
    tabindex: -1,
    title: placeTitle(position),
    "data-query": query ?? undefined,
    "data-key": key ?? undefined,
  };
  return element("span", attributes, visibleText(text));
}

function placeTitle(position: number | null): string | undefined {
  return position === null ? undefined : `position ${position.toLocaleString("en")}`;
}

/** Shows and keeps line breaks within a token. The caller handles those at its end. */
export function visibleText(token: string): string {
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

/** The colour of a shade and a legible ink on it; empty if there is no attention or the weight is missing. */
export type ShadeColors = (shade: number) => { readonly background: string; readonly color: string };

export function shadeColors(table: Uint8ClampedArray, scale: Scale, top: number): ShadeColors {
  return (shade) => {
    if (!(shade > 0)) return { background: "", color: "" };
    const entry = 3 * heatIndex(shade, scale, top);
    const rgb = [table[entry] as number, table[entry + 1] as number, table[entry + 2] as number] as const;
    return { background: css(rgb), color: inkOn(rgb) };
  };
}

export function shadeTokens(
  tokens: readonly ShownToken[],
  { side, shades, densities }: Shading,
  inks: ShadeColors,
): void {
  for (const { piece, mark } of tokens) {
    const position = piece[side];
    const shade = position === null ? 0 : (shades[position] ?? 0);
    const { background, color } = inks(position === null ? 0 : (densities[position] ?? 0));
    mark.dataset.shade = String(shade);
    const isMissing = Number.isNaN(shade);
    mark.classList.toggle("hs-missing", isMissing);
    if (!piece.beyond) mark.title = isMissing ? "missing" : (placeTitle(piece.position) ?? "");
    mark.style.background = background;
    mark.style.color = color;
  }
}

/** Outlines the tokens that are pointed at or pinned. */
export function markPointed(tokens: readonly ShownToken[], at: TokenPair, pinned: TokenPair): void {
  const meant = ({ query, key }: PassageToken, pair: TokenPair) =>
    (query !== null && query === pair.query) || (key !== null && key === pair.key);
  for (const { piece, mark } of tokens) {
    mark.classList.toggle("hs-at", meant(piece, at));
    if (meant(piece, pinned)) mark.setAttribute("aria-selected", "true");
    else mark.removeAttribute("aria-selected");
  }
}
