import type { AnyModel } from "@anywidget/types";
import {
  type ErrorMessage,
  type ExportMessage,
  type HtmlMessage,
  PICTURE_BYTES,
  type RenderedMessage,
  type ViewTraits,
} from "../contract.gen";
import type { MakePage, ViewContext } from "../core/context";
import { formatBytes } from "../core/numbers";
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
  model.send({ type: "rendered" } satisfies RenderedMessage);
}

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
    // A view that was closed says nothing: another that shows the same may answer.
    if (!signal.aborted) model.send({ type: "export-error", id, message: (error as Error).message });
  }
}

function tooLarge(bytes: number): string {
  const limit = formatBytes(PICTURE_BYTES);
  return `The picture has ${formatBytes(bytes)}, and a page sends at most ${limit} to the kernel. Save it from the view's Export menu, or show less.`;
}

/** Asks the kernel for standalone pages of the view. */
export function pageMaker(model: AnyModel<ViewTraits>): MakePage {
  // Answers reach every page that shows the notebook: ids must differ between pages.
  const page = Math.random().toString(36).slice(2);
  let count = 0;
  return (layers, signal) => {
    const id = `${page}-${count++}`;
    const parts: BlobPart[] = [];
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        model.off("msg:custom", listener);
        signal.removeEventListener("abort", closed);
        settle();
      };
      const closed = () => end(() => reject(new Error("The view was closed before its page was made.")));
      const listener = (message: unknown, buffers: DataView[]) => {
        const given = message as HtmlMessage | ErrorMessage;
        if (given.id !== id) return;
        if (given.type === "error") return end(() => reject(new Error(given.message)));
        parts.push(...(buffers as DataView<ArrayBuffer>[]));
        if (given.done) end(() => resolve(new Blob(parts, { type: "text/html" })));
      };
      model.on("msg:custom", listener);
      signal.addEventListener("abort", closed);
      model.send({ type: "export-html", id, layers });
    });
  };
}
