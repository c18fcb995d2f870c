import type { PictureFormat, ViewKind } from "../../contract.gen";
import type { ViewContext } from "../../core/state/context";
import { withNotes } from "../../core/state/notes";
import { optionValues } from "../../core/state/option-signals";
import { paintOf } from "../../dom/paint";
import { sceneOfRoot } from "../frame/scene-of-root";

/** How a picture differs from the view on screen. */
export interface PictureLook {
  /** Leave out the background colour. */
  readonly transparent?: boolean;
  /** On light paper, whatever the page's theme is, unless the view was asked to be dark. */
  readonly onPaper?: boolean;
}

/** Draws what a view shows as a whole file, after the view has painted everything it waits for. */
export async function viewPicture(
  root: HTMLElement,
  context: ViewContext,
  format: PictureFormat,
  scale: number,
  signal: AbortSignal,
  { transparent = false, onPaper = false }: PictureLook = {},
): Promise<Blob> {
  await painted(root, signal);
  const scene = sceneOfRoot(root);
  const dark = onPaper ? context.options.theme.peek() === "dark" : root.dataset.background === "dark";
  const shown = {
    view: root.dataset.view as ViewKind,
    name: context.name.peek(),
    maps: withNotes(context.maps.peek(), context.notes?.notes.peek() ?? []),
    state: optionValues(context),
    source: context.source,
    window: scene?.windowStart.peek() ?? { query: 0, key: 0 },
    viewport: scene?.zoomed.peek() ?? null,
    dark,
    background: onPaper ? null : backgroundOf(root),
    transparent,
  };
  const svg = await context.pictureExporter.svg(shown, signal);
  return format === "png" ? context.pictureExporter.png(svg, scale) : new Blob([svg.text], { type: "image/svg+xml" });
}

function backgroundOf(root: HTMLElement): string | null {
  return paintOf(getComputedStyle(root).getPropertyValue("--hs-background").trim())?.color ?? null;
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
