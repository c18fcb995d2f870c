import { signal as signalOf } from "@preact/signals-core";
import type { PictureFormat, ViewKind } from "../contract.gen";
import type { ViewContext } from "../core/context";
import type { SvgPicture } from "../core/printer";
import { pictureWords } from "./export-words";
import { createScene } from "./scene";

/** What is for the reader's hand alone, and says nothing in a picture. */
const CONTROLS =
  ".hs-toolbar, .hs-statusline, .hs-ruler, .hs-button, .hs-notice, .hs-tab-row, .hs-zoom, .hs-menu, button.hs-tab, select, input";

/** Draws what a view shows, as a whole file, once it has painted what it waits for. */
export async function viewPicture(
  root: HTMLElement,
  context: ViewContext,
  format: PictureFormat,
  scale: number,
  signal: AbortSignal,
): Promise<Blob> {
  await painted(root, signal);
  if (format === "png") return context.printer.png(viewSvg(root, context, true), scale);
  return new Blob([viewSvg(root, context).text], { type: "image/svg+xml" });
}

/** `images`: what canvases show as the images that are on screen, not as paths that only look nearly the same. */
export function viewSvg(root: HTMLElement, context: ViewContext, images = false): SvgPicture {
  const scene = createScene(context, signalOf(root.dataset.ground === "dark"));
  return context.printer.svg(root, {
    words: pictureWords(scene, root.dataset.view as ViewKind),
    leaveOut: CONTROLS,
    images,
  });
}

/** Waits until the view says that it shows what was asked for. */
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
