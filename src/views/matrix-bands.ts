import type { TokenPair } from "../core/context";
import type { MatrixLayout } from "../core/matrix-layout";
import type { Span, Viewport } from "../core/viewport";
import { stretchOf } from "./matrix-panels";

/** Puts the bands of all maps over a row and a column; out of sight where there is none. */
export function placeBands(
  panels: HTMLElement,
  kind: "pin" | "mark",
  { query, key }: TokenPair,
  { mapWidth, mapHeight }: MatrixLayout,
  { queries, keys }: Viewport,
): void {
  const put = (side: string, span: Span, pixels: number, position: number | null) => {
    const [from, extent] = position === null ? [-99, 0] : stretchOf(span, pixels, position);
    panels.style.setProperty(`--hs-${kind}-${side}`, `${from.toFixed(2)}px`);
    panels.style.setProperty(`--hs-${kind}-${side}-size`, `${Math.max(extent, 1).toFixed(2)}px`);
  };
  put("row", queries, mapHeight, query);
  put("column", keys, mapWidth, key);
}
