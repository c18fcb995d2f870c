import { signal as signalOf } from "@preact/signals-core";
import type { PictureFormat, ViewKind } from "../contract.gen";
import type { ViewContext } from "../core/context";
import type { LiveCapture, LiveView } from "../core/live";
import { pythonCall } from "../core/python-call";
import { download } from "../dom/download";
import { stepLayer } from "./actions";
import { viewPicture } from "./export-picture";
import { fileName } from "./export-words";
import { createScene } from "./scene";

/** Pixels of a PNG per CSS pixel. */
const SCALE = 2;

/** What commands outside a view can have it do. Call it once the view is drawn into `root`. */
export function liveView(root: HTMLElement, context: ViewContext, capture: LiveCapture, signal: AbortSignal): LiveView {
  const kind = root.dataset.view as ViewKind;
  const picture = (format: PictureFormat) => viewPicture(root, context, format, SCALE, signal);
  const scene = () => createScene(context, signalOf(root.dataset.ground === "dark"));
  return {
    root,
    kind,
    capture,
    async save(format) {
      const file = await (format === "html" ? page(context, signal) : picture(format));
      const name = fileName(scene(), kind, format);
      download(file, name);
      return name;
    },
    stepLayer: (step) => stepLayer(scene(), step),
    python: () => pythonCall(kind, context),
  };
}

async function page({ makePage }: ViewContext, signal: AbortSignal): Promise<Blob> {
  if (makePage) return makePage("all", signal);
  throw new Error(
    "Pages are made by the kernel for a view in a cell: select the cell that shows this view, then export again.",
  );
}
