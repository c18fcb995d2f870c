import type { PictureExporter, ShownPicture } from "../core/look/picture-export";
import { NotHeldError, type Source } from "../core/state/source";
import { type Tile, tileKey, tilesOf } from "../core/tiles/tiles";
import type { HeadWeights } from "../core/weights/head-weights";
import { pngOf } from "../dom/picture-png";
import { drawFigure } from "./draw-figure";
import type { FigureFile } from "./frame";
import { HeldWeights, type Need } from "./held";
import { type FigureSpec, PLAIN_LOOK } from "./spec";

/** Draws what a view shows as a figure, from the view's own source of weights. */
async function svgOf(shown: ShownPicture, signal: AbortSignal): Promise<FigureFile> {
  const held = new HeldWeights();
  const spec = specOf(shown);
  for (;;) {
    const file = drawFigure(spec, held);
    if (file) return file;
    await Promise.all(held.needs.map((need) => answer(need, held, shown.source, signal)));
    signal.throwIfAborted();
  }
}

function specOf({
  view,
  name,
  maps,
  state,
  window,
  viewport,
  dark,
  background,
  transparent,
}: ShownPicture): FigureSpec {
  const panel = { view, capture: 0, state, label: "", window, viewport: viewport ?? undefined };
  return {
    captures: [{ name, maps }],
    panels: [panel],
    look: { ...PLAIN_LOOK, dark, background, transparent },
  };
}

async function answer(need: Need, held: HeldWeights, source: Source, signal: AbortSignal): Promise<void> {
  const lane = `figure ${Math.random().toString(36).slice(2)}`;
  if (need.type === "request") held.put<"request">(need, await source.fetch(need.request, signal));
  else if (need.type === "excerpt") held.put<"excerpt">(need, await source.excerpt(need.request, lane, signal));
  else if (need.type === "vectors") held.put<"vectors">(need, await source.vectors(need.request, signal));
  else {
    const found = new Map<string, HeadWeights>();
    await source.tiles(need.request, lane, (tile: Tile) => void found.set(tileKey(tile), tile.weights), signal);
    const tiles = tilesOf(need.request).map((tile) => found.get(tileKey(tile)));
    if (tiles.includes(undefined)) throw new NotHeldError("The answer lacks a part of the map.");
    held.put<"tiles">(need, tiles as readonly HeadWeights[]);
  }
}

export const pictureExporter: PictureExporter = { svg: svgOf, png: pngOf };
