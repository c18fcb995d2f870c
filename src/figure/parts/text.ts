import { signal } from "@preact/signals-core";
import { tokenText } from "../../dom/token";
import { followFocus } from "../../views/scene/focus";
import { heatScale } from "../../views/scene/weight-scale";
import { windowedScene } from "../../views/scene/windowed-scene";
import { type ShadeColors, shadeColors, visibleText } from "../../views/text/passage-tokens";
import { type Passage, type PassageToken, passagesOf } from "../../views/text/passages";
import { type Shading, shadeQuantity, shadingOf } from "../../views/text/shading";
import { matchesOf } from "../../views/tokens/search";
import { broken, MONO, textWidth } from "../paper/letters";
import { type MarkedPart, movedBy, rectAt, textAt } from "../paper/marks";
import type { Style } from "../paper/style";
import { heatLegend } from "./legends";
import { headsOf, NEVER, type PanelInputs } from "./panel";

/** The most visible tokens of a long text, as on screen. */
const TOKENS = 192;
/** The size of letters, the height of lines, and the most letters of a line. */
const [SIZE, LINE, WIDEST] = [15, 28, 680];
const SPECIAL = 11;
const TITLE = 18;
const PASSAGE_GAP = 12;

/** How a token looks in the text. */
interface Ink {
  readonly background: string;
  readonly color: string;
  readonly isPinned: boolean;
  readonly isFound: boolean;
  readonly isMissing: boolean;
}

type InkOf = (piece: PassageToken) => Ink;

/** The input as running text, each token shaded by its attention, under a legend. */
export function drawText({ scene: whole, held, panel, room, isFilled, style }: PanelInputs): MarkedPart | null {
  const scene = windowedScene(whole, signal(TOKENS), NEVER);
  const heads = headsOf(scene, held, panel.capture);
  if (!heads) return null;
  const shading = shadingOf(scene, signal(heads), followFocus(scene), signal(false)).value;
  const colors = shadeColors(scene.heat.value, heatScale(scene).scale, shading.top.weight);
  const { queries, keys } = matchesOf(scene).value;
  const { query, key } = scene.tokens;
  const inkOf: InkOf = (piece) => ({
    ...inkFor(piece, shading, colors),
    isPinned: (piece.query !== null && piece.query === query.value) || (piece.key !== null && piece.key === key.value),
    isFound: queries.includes(piece.query ?? -1) || keys.includes(piece.key ?? -1),
  });
  const width = isFilled ? room : Math.min(room, WIDEST);
  const legend = heatLegend(scene, { quantity: shadeQuantity(shading, scene) }, shading.top, style);
  let y = legend.height + PASSAGE_GAP;
  const marks = [legend.marks];
  for (const passage of passagesOf(scene)) {
    const part = passagePart(passage, width, inkOf, style);
    marks.push(movedBy(0, y, part.marks));
    y += part.height + PASSAGE_GAP;
  }
  return { marks: marks.filter(Boolean).join("\n"), width: Math.max(width, legend.width), height: y - PASSAGE_GAP };
}

function inkFor(piece: PassageToken, { side, densities }: Shading, colors: ShadeColors) {
  const position = piece[side];
  const shade = position === null ? 0 : (densities[position] ?? 0);
  return { ...colors(shade), isMissing: Number.isNaN(shade) };
}

function passagePart({ title, pieces }: Passage, width: number, inkOf: InkOf, style: Style): MarkedPart {
  const top = title ? TITLE : 0;
  const marks = title ? [textAt(0, 8, title, { size: 12, fill: style.quiet })] : [];
  const flow = new TextFlow(width, style);
  const shown = pieces.filter(({ beyond }) => beyond === null);
  // Tokens that were given without their spaces would run together.
  const isApart = shown.length > 1 && !shown.some(({ text, isSpecial }) => !isSpecial && /\s/.test(text));
  const before = pieces.some(({ beyond }) => beyond === "before");
  const after = pieces.some(({ beyond }) => beyond === "after");
  if (before) flow.say("… ");
  shown.forEach((piece, index) => {
    const isLead = /^ +(?=[^ ])/.test(piece.text) || (isApart && index > 0 && !piece.isJoined);
    flow.add(piece, isLead, inkOf(piece));
  });
  if (after) flow.say(" …");
  return { marks: [...marks, movedBy(0, top, flow.marks)].join("\n"), width, height: top + flow.height };
}

/** Sets tokens into lines, as a browser does: a token that has no room begins a new line. */
class TextFlow {
  #x = 0;
  #line = 0;
  readonly #marks: string[] = [];

  constructor(
    readonly width: number,
    readonly style: Style,
  ) {}

  get marks(): string {
    return this.#marks.filter(Boolean).join("\n");
  }

  get height(): number {
    return (this.#line + 1) * LINE;
  }

  /** Text that is no token. */
  say(text: string): void {
    this.#marks.push(textAt(this.#x, (this.#line + 0.5) * LINE, text, { size: SIZE, fill: this.style.quiet }));
    this.#x += textWidth(text, SIZE);
  }

  add({ text, isSpecial }: PassageToken, hasSpace: boolean, ink: Ink): void {
    const lines = isSpecial ? [tokenText(text).lead + tokenText(text).text] : visibleText(text).split("\n");
    if (hasSpace && this.#x > 0) this.#x += SIZE * 0.32;
    lines.forEach((line, index) => {
      if (index > 0) this.#break();
      if (line !== "") this.#piece(line, isSpecial, ink);
    });
    for (const _ of isSpecial ? [] : (/\n+$/.exec(text)?.[0] ?? "")) this.#break();
  }

  #break(): void {
    this.#x = 0;
    this.#line++;
  }

  /** A token, in several boxes if it is longer than a line. */
  #piece(text: string, isSpecial: boolean, ink: Ink): void {
    const [padding, margin] = isSpecial ? [4, 3] : [1.5, 0.5];
    const widthOf = (letters: string) => (isSpecial ? [...letters].length * MONO * SPECIAL : textWidth(letters, SIZE));
    const parts = broken(text, this.width - 2 * (padding + margin), widthOf);
    for (const part of parts) this.#boxed(part, widthOf(part), padding, margin, isSpecial, ink);
  }

  #boxed(text: string, letters: number, padding: number, margin: number, isSpecial: boolean, ink: Ink): void {
    const box = letters + 2 * padding;
    if (this.#x > 0 && this.#x + box + 2 * margin > this.width) this.#break();
    const x = this.#x + margin;
    const middle = (this.#line + 0.5) * LINE;
    const height = isSpecial ? 18 : 23;
    this.#marks.push(this.#box(x, middle - height / 2, box, height, isSpecial, ink));
    const look = {
      size: isSpecial ? SPECIAL : SIZE,
      fill: ink.color || this.style.text,
      family: isSpecial ? this.style.mono : undefined,
      more: ink.isFound ? { "text-decoration": "underline" } : {},
      // The letters of another font keep to the box of the token.
      length: letters,
    };
    this.#marks.push(textAt(x + padding, middle, text, look));
    this.#x = x + box + margin;
  }

  #box(x: number, y: number, width: number, height: number, isSpecial: boolean, ink: Ink): string {
    const fill = ink.isMissing ? "#808080" : ink.background || "none";
    const edge = ink.isPinned
      ? { stroke: this.style.accent, "stroke-width": 2 }
      : isSpecial
        ? { stroke: this.style.border, "stroke-width": 1 }
        : {};
    if (fill === "none" && !ink.isPinned && !isSpecial) return "";
    return rectAt(x, y, width, height, { rx: 3, fill, "fill-opacity": ink.isMissing ? 0.3 : undefined, ...edge });
  }
}
