import type { MapDescription, SnapshotState, ViewKind } from "../contract.gen";
import type { Viewport } from "../core/look/viewport";
import type { TokenPlace } from "../views/scene/scene";

/** The tokens of a capture that a figure shows. */
export interface FigureCapture {
  readonly name: string;
  readonly maps: readonly MapDescription[];
}

/** One picture of a figure: what a view shows in some state. */
export interface FigurePanel {
  readonly view: ViewKind;
  /** The index of its capture. */
  readonly capture: number;
  readonly state: SnapshotState;
  /** Stands above the panel; empty for none, null for what the panel shows. */
  readonly label: string | null;
  /** The first visible tokens of a long map. */
  readonly window?: TokenPlace | undefined;
  /** The visible part of heat maps; the whole map if it is missing. */
  readonly viewport?: Viewport | undefined;
}

/** How a figure looks. */
export interface FigureLook {
  /** Null: what the figure shows; empty: no title. */
  readonly title: string | null;
  /** Null: what a reader must know; empty: no caption. */
  readonly caption: string | null;
  /** In CSS pixels; null: as wide as the picture is by itself. */
  readonly width: number | null;
  /** The size of the tokens, in CSS pixels. All else grows with it. */
  readonly fontSize: number;
  /** A font family for texts; empty for the usual one. Tokens stay in a monospace font. */
  readonly font: string;
  /** The panels per row; null: as many as fit. */
  readonly columns: number | null;
  readonly dark: boolean;
  /** The colour of the paper; null for the usual one. */
  readonly background: string | null;
  readonly transparent: boolean;
}

export interface FigureSpec {
  readonly captures: readonly FigureCapture[];
  readonly panels: readonly FigurePanel[];
  readonly look: FigureLook;
}

export const PLAIN_LOOK: FigureLook = {
  title: null,
  caption: null,
  width: null,
  fontSize: 13,
  font: "",
  columns: null,
  dark: false,
  background: null,
  transparent: false,
};
