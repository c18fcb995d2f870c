/** The text above and below a picture. */
export interface FigureText {
  /** What the picture shows. */
  readonly title: string;
  /** The legend: for each colour, the number that it stands for and the ink in which the number is written. */
  readonly keys: readonly { readonly text: string; readonly color: string; readonly ink: string }[];
  /** What a reader must know to read the picture; empty for nothing. */
  readonly caption: string;
}

export interface SvgOptions {
  readonly figureText: FigureText;
  /** A selector of the elements that the picture leaves out. */
  readonly leaveOut: string;
  /** Leave out the background colour. */
  readonly transparent?: boolean;
  /** Keep canvases as the images that are on screen, for a picture that becomes an image itself. */
  readonly images?: boolean;
}

export interface SvgPicture {
  /** The whole file. */
  readonly text: string;
  /** In CSS pixels. */
  readonly width: number;
  readonly height: number;
}

/** Makes pictures of a part of the page. In Jupyter, one exporter serves all views of a capture. */
export interface PictureExporter {
  svg(root: HTMLElement, options: SvgOptions): SvgPicture;
  png(picture: SvgPicture, scale: number): Promise<Blob>;
}
