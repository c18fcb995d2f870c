import { signal as signalOf } from "@preact/signals-core";
import type { PictureFormat, ViewKind } from "../../contract.gen";
import type { ViewContext } from "../../core/state/context";
import { createScene } from "../scene/scene";
import { figureText } from "./figure-text";

/** Controls, which mean nothing in a picture. */
const CONTROLS =
  ".hs-toolbar, .hs-statusline, .hs-table, .hs-ruler, .hs-button, .hs-notice, .hs-tab-row, .hs-zoom, .hs-menu, button.hs-tab, select, input";

/** Draws what a view shows as a whole file, after the view has painted everything it waits for. */
export async function viewPicture(
  root: HTMLElement,
  context: ViewContext,
  format: PictureFormat,
  scale: number,
  signal: AbortSignal,
  transparent = false,
): Promise<Blob> {
  await painted(root, signal);
  const scene = createScene(context, signalOf(root.dataset.background === "dark"));
  const text = figureText(scene, root.dataset.view as ViewKind);
  // A PNG takes canvases as they are on screen, because paths look slightly different.
  const svg = context.pictureExporter.svg(root, {
    figureText: text,
    leaveOut: CONTROLS,
    transparent,
    images: format === "png",
  });
  return format === "png" ? context.pictureExporter.png(svg, scale) : new Blob([svg.text], { type: "image/svg+xml" });
}

/** Waits until the view has painted what was requested. */
function painted(root: HTMLElement, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const observer = new MutationObserver(look);
    const end = (settle: () => void) => {
      observer.disconnect();
      signal.removeEventListener("abort", closed);
      settle();
    };
    function look(): void {
      const { state } = root.dataset;
      if (state === "error") end(() => reject(new Error("The view could not be drawn: it says what is wrong.")));
      else if (state !== "pending") end(resolve);
    }
    function closed(): void {
      end(() => reject(new Error("The view was closed before its picture was drawn.")));
    }
    observer.observe(root, { attributes: true, attributeFilter: ["data-state"] });
    signal.addEventListener("abort", closed);
    look();
  });
}
