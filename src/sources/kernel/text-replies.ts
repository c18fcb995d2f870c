import type { TextAnswer, TextRequest } from "../../contract.gen";
import { bytesOf } from "../embedded/packed";

/**
 * The fields of a request that choose the form of its answer. VS Code passes each byte of a buffer to the page as a
 * number, so there answers come as text.
 */
export function howToAnswer(): Partial<TextRequest> {
  return globalThis.document?.body.dataset.vscodeThemeKind === undefined ? {} : { in_text: true };
}

/** The buffers of an answer, which may be in its text. */
export function buffersOf(message: object, buffers: readonly DataView[]): readonly DataView[] {
  const texts = (message as Partial<TextAnswer>).buffers;
  return texts ? texts.map((text) => new DataView(bytesOf(text).buffer)) : buffers;
}
