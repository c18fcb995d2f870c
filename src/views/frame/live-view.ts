import { signal as signalOf } from "@preact/signals-core";
import type { PictureFormat, ViewKind } from "../../contract.gen";
import type { ViewContext } from "../../core/state/context";
import type { LiveCapture, LiveView } from "../../core/state/live";
import { pythonCall } from "../../core/state/python-call";
import { download } from "../../dom/download";
import { viewPicture } from "../export/export-picture";
import { fileName } from "../export/file-name";
import { stepLayer } from "../scene/move-selection";
import { createScene } from "../scene/scene";

/** Pixels of a PNG per CSS pixel. */
const SCALE = 2;

/** The actions of a view for commands outside of it. Call this once the view is drawn into `root`. */
export function liveView(root: HTMLElement, context: ViewContext, capture: LiveCapture, signal: AbortSignal): LiveView {
  const kind = root.dataset.view as ViewKind;
  const picture = (format: PictureFormat) => viewPicture(root, context, format, SCALE, signal);
  const scene = () => createScene(context, signalOf(root.dataset.background === "dark"));
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
