import { signal } from "@preact/signals-core";
import type { PictureExporter } from "../core/look/picture-export";
import type { Status } from "../core/state/context";
import { localContext } from "../core/state/local-context";
import type { Source } from "../core/state/source";
import { createScene, type Scene } from "../views/scene/scene";
import type { FigureCapture, FigurePanel } from "./spec";

/** The scene of a panel. It asks no source: a figure's weights are held. */
export function sceneOf({ name, maps }: FigureCapture, { state, window }: FigurePanel, dark: boolean): Scene {
  const context = localContext(state, {
    name: signal(name),
    maps: signal(maps),
    source: {} as Source,
    status: signal<Status>("page"),
    pictureExporter: {} as PictureExporter,
  });
  const scene = createScene(context, signal(dark));
  if (window) scene.windowStart.value = window;
  return scene;
}
