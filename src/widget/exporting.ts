import type { AnyModel } from "@anywidget/types";
import { type ExportMessage, PICTURE_BYTES, type RenderedMessage, type ViewTraits } from "../contract.gen";
import { formatBytes } from "../core/look/format";
import type { MakePage, ViewContext } from "../core/state/context";
import { hasEnded } from "../core/state/kernel-messages";
import { KernelChannel } from "../sources/kernel/kernel-channel";
import type { KernelModel } from "../sources/kernel/kernel-status";
import { viewPicture } from "../views/export/export-picture";
import { post } from "./post";

/** Tells the kernel that the view is on a page, and draws the pictures that the kernel requests. */
export function answerExports(
  model: AnyModel<ViewTraits>,
  root: HTMLElement,
  context: ViewContext,
  signal: AbortSignal,
): void {
  const listener = (message: unknown) => {
    const { type } = message as ExportMessage;
    if (type === "export") void answer(model, root, context, message as ExportMessage, signal);
  };
  model.on("msg:custom", listener);
  signal.addEventListener("abort", () => model.off("msg:custom", listener));
  const reportRendered = () => {
    if (!hasEnded(context.status.peek())) post(model, { type: "rendered" } satisfies RenderedMessage);
  };
  reportRendered();
  // A front end may not have a thread for messages yet. Then the first message waits for the running cell to end.
  const again = setTimeout(reportRendered, AGAIN_AFTER);
  signal.addEventListener("abort", () => clearTimeout(again));
}

/** In milliseconds. */
const AGAIN_AFTER = 500;

async function answer(
  model: AnyModel<ViewTraits>,
  root: HTMLElement,
  context: ViewContext,
  { id, format, scale }: ExportMessage,
  signal: AbortSignal,
): Promise<void> {
  try {
    const picture = await viewPicture(root, context, format, scale, signal);
    if (picture.size > PICTURE_BYTES) throw new Error(tooLarge(picture.size));
    model.send({ type: "exported", id }, undefined, [await picture.arrayBuffer()]);
  } catch (error) {
    // A closed view stays silent, because another view of the same model may answer. So does a view whose kernel is
    // gone.
    if (!signal.aborted && !hasEnded(context.status.peek()))
      post(model, { type: "export-error", id, message: (error as Error).message });
  }
}

function tooLarge(bytes: number): string {
  const limit = formatBytes(PICTURE_BYTES);
  return `The picture has ${formatBytes(bytes)}, and a page sends at most ${limit} to the kernel. Save it from the view's Export menu, or show less.`;
}

/** Requests standalone pages of the view from the kernel, until `ended` aborts. */
export function pageMaker(model: AnyModel<ViewTraits>, ended: AbortSignal): MakePage {
  const kernel = new KernelChannel(model as unknown as KernelModel, ended);
  return async (layers, signal) => {
    signal.throwIfAborted();
    let parts: BlobPart[] = [];
    await kernel.request({ type: "export-html", layers }, () => {
      parts = [];
      return (buffer) => void parts.push(buffer as DataView<ArrayBuffer>);
    });
    return new Blob(parts, { type: "text/html" });
  };
}
