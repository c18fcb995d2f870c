/** The part of a computed style that determines how letters look. */
export type Font = Pick<CSSStyleDeclaration, "fontFamily" | "fontSize" | "fontStyle" | "fontWeight">;

/** How far a font extends from its baseline, in CSS pixels. */
export interface FontExtent {
  readonly up: number;
  readonly down: number;
}

const GENERIC = /(?:serif|monospace|cursive|fantasy)["']?$/;
const MONOSPACE = /mono|courier|consol|menlo/i;

/** Measures text whose size the page does not give. */
export class Fonts {
  readonly #brush = document.createElement("canvas").getContext("2d");
  readonly #extents = new Map<string, FontExtent>();

  /** The width of a text on one line, in CSS pixels. */
  width(text: string, font: Font): number {
    return this.#with(shorthand(font))?.measureText(text).width ?? 0;
  }

  extent(style: Font): FontExtent {
    const font = shorthand(style);
    const found = this.#extents.get(font) ?? this.#measure(font);
    this.#extents.set(font, found);
    return found;
  }

  /** The fraction of a text's box that is above its baseline. */
  ascent(style: Font): number {
    const { up, down } = this.extent(style);
    return up / (up + down);
  }

  #measure(font: string): FontExtent {
    const measured = this.#with(font)?.measureText("x");
    return { up: measured?.fontBoundingBoxAscent ?? 10, down: measured?.fontBoundingBoxDescent ?? 3 };
  }

  #with(font: string): CanvasRenderingContext2D | null {
    if (this.#brush) this.#brush.font = font;
    return this.#brush;
  }
}

/** The computed `font` is empty if a part, such as tabular figures, does not fit into the shorthand. */
function shorthand({ fontStyle, fontWeight, fontSize, fontFamily }: Font): string {
  return `${fontStyle} ${fontWeight} ${fontSize} ${fontFamily}`;
}

/** A list of fonts that ends in a generic family, which every SVG reader has. */
export function families(list: string): string {
  if (GENERIC.test(list) && !/ui-\w+$/.test(list)) return list;
  return `${list}, ${MONOSPACE.test(list) ? "monospace" : "sans-serif"}`;
}
