import type { MapDescription, SnapshotState, ViewKind } from "../../contract.gen";
import type { Source } from "../state/source";
import type { Viewport } from "./viewport";

/** What a view shows, and where its weights come from. */
export interface ShownPicture {
  readonly view: ViewKind;
  readonly name: string;
  readonly maps: readonly MapDescription[];
  readonly state: SnapshotState;
  readonly source: Source;
  /** The first visible tokens of a long map. */
  readonly window: { readonly query: number; readonly key: number };
  /** The visible part of heat maps; null for the whole. */
  readonly viewport: Viewport | null;
  readonly dark: boolean;
  /** The colour of the paper; null for the usual one. */
  readonly background: string | null;
  /** Leave out the background colour. */
  readonly transparent: boolean;
}

/** A picture as a whole SVG file. */
export interface SvgPicture {
  readonly text: string;
  /** In CSS pixels. */
  readonly width: number;
  readonly height: number;
}

/** Draws what views show. In Jupyter, one exporter serves all views of a capture. */
export interface PictureExporter {
  /** Rejects with a message for users, or with the signal's reason once it aborts. */
  svg(shown: ShownPicture, signal: AbortSignal): Promise<SvgPicture>;
  png(picture: SvgPicture, scale: number): Promise<Blob>;
}
