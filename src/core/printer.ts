/** What stands above and below a picture. */
export interface Words {
  /** What the picture shows. */
  readonly title: string;
  /** What is told apart by colour: its number on its colour. */
  readonly keys: readonly { readonly text: string; readonly color: string; readonly ink: string }[];
  /** What one must know to read the picture; empty for nothing. */
  readonly caption: string;
}

export interface SvgOptions {
  readonly words: Words;
  /** A selector of what does not belong into the picture. */
  readonly leaveOut: string;
  /** Nothing behind the picture, in place of the colour that it stands on. */
  readonly transparent?: boolean;
  /** Canvases as the images that are on screen, for a picture that becomes an image itself. */
  readonly images?: boolean;
}

export interface SvgPicture {
  /** The whole file. */
  readonly text: string;
  /** In CSS pixels. */
  readonly width: number;
  readonly height: number;
}

/** Makes pictures of what a part of the page shows. In Jupyter, one serves all views of a capture. */
export interface Printer {
  svg(root: HTMLElement, options: SvgOptions): SvgPicture;
  png(picture: SvgPicture, scale: number): Promise<Blob>;
}
