import { Fonts } from "./fonts";
import { attributesText, type SvgAttributes, tag } from "./svg-markup";

/** A box in CSS pixels, from the corner of what is drawn. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What has been drawn so far, and how far it reaches. */
export class SvgPaper {
  left = Number.POSITIVE_INFINITY;
  top = Number.POSITIVE_INFINITY;
  right = Number.NEGATIVE_INFINITY;
  bottom = Number.NEGATIVE_INFINITY;
  /** What a reader of the file should know of it. */
  readonly notes = new Set<string>();
  readonly fonts = new Fonts();
  readonly #parts: string[] = [];
  #style = "";
  #ids = 0;

  /** `origin`: the corner in the page. `ground`: the colour that everything stands on, drawn by itself. */
  constructor(
    readonly origin: { readonly x: number; readonly y: number },
    readonly ground: string,
  ) {}

  /** A rectangle of the page as one of the paper. */
  box({ left, top, width, height }: DOMRect): Box {
    return { x: left - this.origin.x, y: top - this.origin.y, width, height };
  }

  add(name: string, attributes: SvgAttributes, content = ""): void {
    this.markup(tag(name, attributes, content));
  }

  /** Draws a text. Neighbours in the same style share a group. */
  text(style: SvgAttributes, attributes: SvgAttributes, content: string): void {
    const wanted = attributesText(style);
    if (wanted !== this.#style) {
      this.#endStyle();
      this.#parts.push(`<g${wanted}>`);
      this.#style = wanted;
    }
    this.#parts.push(tag("text", attributes, content));
  }

  markup(text: string): void {
    this.#endStyle();
    this.#parts.push(text);
  }

  /** Puts what `draw` draws into a group; nothing where it draws nothing. */
  group(attributes: SvgAttributes, draw: () => void): void {
    this.markup(`<g${attributesText(attributes)}>`);
    const before = this.#parts.length;
    draw();
    this.#endStyle();
    if (this.#parts.length === before) this.#parts.pop();
    else this.#parts.push("</g>");
  }

  /** A name that nothing else in the picture has. */
  id(kind: string): string {
    this.#ids++;
    return `${kind}-${this.#ids}`;
  }

  /** Makes the picture as large as this needs. */
  reach({ x, y, width, height }: Box): void {
    this.left = Math.min(this.left, x);
    this.top = Math.min(this.top, y);
    this.right = Math.max(this.right, x + width);
    this.bottom = Math.max(this.bottom, y + height);
  }

  /** Makes the picture as large as `box` needs, however far that reaches which is drawn meanwhile. */
  within(box: Box, draw: () => void): void {
    const { left, top, right, bottom } = this;
    draw();
    Object.assign(this, { left, top, right, bottom });
    this.reach(box);
  }

  toString(): string {
    this.#endStyle();
    return this.#parts.join("\n");
  }

  #endStyle(): void {
    if (this.#style !== "") this.#parts.push("</g>");
    this.#style = "";
  }
}
