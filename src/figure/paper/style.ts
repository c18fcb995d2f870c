import type { FigureLook } from "../spec";

/** The colours of a figure, and its fonts. */
export interface Style {
  readonly dark: boolean;
  readonly text: string;
  readonly quiet: string;
  readonly background: string;
  readonly raised: string;
  readonly border: string;
  readonly accent: string;
  /** The font families of texts and of tokens. */
  readonly sans: string;
  readonly mono: string;
}

/** The colours of the style sheet where a host has none: `--hs-light-text` and so on. */
const LIGHT = {
  text: "#1f2328",
  quiet: "#57606a",
  background: "#ffffff",
  raised: "#f3f4f6",
  border: "#d0d7de",
  accent: "#0550ae",
};
const DARK = {
  text: "#e6e6e6",
  quiet: "#a8b0ba",
  background: "#1e1e1e",
  raised: "#2b2d30",
  border: "#4a4e54",
  accent: "#7cb7ff",
};

/** Fonts with letters of the same width, so that a figure keeps its layout from machine to machine. */
const SANS = "DejaVu Sans, Verdana, sans-serif";
const MONO = "DejaVu Sans Mono, Menlo, Consolas, monospace";

export function styleOf({ dark, background, font }: Pick<FigureLook, "dark" | "background" | "font">): Style {
  const colors = dark ? DARK : LIGHT;
  return {
    dark,
    ...colors,
    background: background ?? colors.background,
    sans: font === "" ? SANS : `${font}, ${SANS}`,
    mono: MONO,
  };
}
