import type { AnyModel } from "@anywidget/types";
import { type ExportMessage, PICTURE_BYTES, type RenderedMessage, type ViewTraits } from "../contract.gen";
import type { MakePage, ViewContext } from "../core/context";
import { hasEnded } from "../core/endings";
import { formatBytes } from "../core/numbers";
import { Conversation } from "../sources/conversation";
import type { Channel } from "../sources/host-kernel";
import { viewPicture } from "../views/export-picture";

/** Tells the kernel that the view is on a page, and draws the pictures that it asks for. */
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
  const tell = () => {
    if (!hasEnded(context.status.peek())) model.send({ type: "rendered" } satisfies RenderedMessage);
  };
  tell();
  // A front end may not have a thread for messages yet: then the first one waits for the running cell to end.
  const again = setTimeout(tell, AGAIN_AFTER);
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
    // A view that was closed says nothing: another that shows the same may answer. Nor does one whose kernel has gone.
    if (!signal.aborted && !hasEnded(context.status.peek()))
      model.send({ type: "export-error", id, message: (error as Error).message });
  }
}

function tooLarge(bytes: number): string {
  const limit = formatBytes(PICTURE_BYTES);
  return `The picture has ${formatBytes(bytes)}, and a page sends at most ${limit} to the kernel. Save it from the view's Export menu, or show less.`;
}

/** Asks the kernel for standalone pages of the view, until `ended` aborts. */
export function pageMaker(model: AnyModel<ViewTraits>, ended: AbortSignal): MakePage {
  const kernel = new Conversation(model as unknown as Channel, ended);
  return async (layers, signal) => {
    signal.throwIfAborted();
    let parts: BlobPart[] = [];
    await kernel.ask({ type: "export-html", layers }, () => {
      parts = [];
      return (buffer) => void parts.push(buffer as DataView<ArrayBuffer>);
    });
    return new Blob(parts, { type: "text/html" });
  };
}
