import { Fonts } from "./fonts";
import { attributesText, type SvgAttributes, tag } from "./markup";

/** A box in CSS pixels, relative to the corner of the picture. */
export interface SvgBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Reach {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const { POSITIVE_INFINITY: FAR } = Number;
const NOWHERE: Reach = { left: FAR, top: FAR, right: -FAR, bottom: -FAR };

/** The boxes of texts are a little larger than their letters, by this many CSS pixels. */
const SLACK = 2;

/** Collects what is drawn, and how far it extends. */
export class SvgPaper {
  left = NOWHERE.left;
  top = NOWHERE.top;
  right = NOWHERE.right;
  bottom = NOWHERE.bottom;
  /** Notes for a reader of the file. */
  readonly notes = new Set<string>();
  readonly fonts = new Fonts();
  readonly #parts: string[] = [];
  #style = "";
  #ids = 0;

  /**
   * `origin`: the corner in the page. `background`: the background colour, which is drawn separately. `marks`: whether
   * canvases are preferably drawn as marks instead of images.
   */
  constructor(
    readonly origin: { readonly x: number; readonly y: number },
    readonly background: string,
    readonly marks: boolean,
  ) {}

  /** Converts a rectangle of the page to one of the paper. */
  box({ left, top, width, height }: DOMRect): SvgBox {
    return { x: left - this.origin.x, y: top - this.origin.y, width, height };
  }

  add(name: string, attributes: SvgAttributes, content = ""): void {
    this.markup(tag(name, attributes, content));
  }

  /** Draws a text. Neighbours of the same style share a group. */
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

  /** Puts what `draw` draws into a group; adds nothing if it draws nothing. */
  group(attributes: SvgAttributes, draw: () => void): void {
    this.markup(`<g${attributesText(attributes)}>`);
    const before = this.#parts.length;
    draw();
    this.#endStyle();
    if (this.#parts.length === before) this.#parts.pop();
    else this.#parts.push("</g>");
  }

  /** A name that is unique in the picture. */
  id(kind: string): string {
    this.#ids++;
    return `${kind}-${this.#ids}`;
  }

  /** Extends the picture to include this box. */
  reach({ x, y, width, height }: SvgBox): void {
    this.left = Math.min(this.left, x);
    this.top = Math.min(this.top, y);
    this.right = Math.max(this.right, x + width);
    this.bottom = Math.max(this.bottom, y + height);
  }

  /** Draws, and then extends the picture only to include `box`, however far the drawing extends. */
  within(box: SvgBox, draw: () => void): void {
    this.#reachOf(draw);
    this.reach(box);
  }

  /** Clips the drawing to `box`. A drawing that stays inside needs no clip. */
  clipped(box: SvgBox, draw: () => void): void {
    this.#endStyle();
    const start = this.#parts.length;
    const { left, top, right, bottom } = this.#reachOf(draw);
    this.#endStyle();
    const end = { x: box.x + box.width, y: box.y + box.height };
    if (!(right > left)) return;
    if (left > box.x - SLACK && top > box.y - SLACK && right < end.x + SLACK && bottom < end.y + SLACK) {
      this.reach({ x: left, y: top, width: right - left, height: bottom - top });
      return;
    }
    const id = this.id("seen");
    const frame = tag("clipPath", { id }, tag("rect", { ...box }));
    this.#parts.splice(start, 0, frame, `<g clip-path="url(#${id})">`);
    this.#parts.push("</g>");
    this.reach(box);
  }

  toString(): string {
    this.#endStyle();
    return this.#parts.join("\n");
  }

  /** How far the drawing of `draw` extends. */
  #reachOf(draw: () => void): Reach {
    const { left, top, right, bottom } = this;
    Object.assign(this, NOWHERE);
    draw();
    const reached = { left: this.left, top: this.top, right: this.right, bottom: this.bottom };
    Object.assign(this, { left, top, right, bottom });
    return reached;
  }

  #endStyle(): void {
    if (this.#style !== "") this.#parts.push("</g>");
    this.#style = "";
  }
}
