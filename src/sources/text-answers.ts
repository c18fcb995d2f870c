import type { TextAnswer, TextRequest } from "../contract.gen";
import { bytesOf } from "./packed";

/** What a request says of how its answer is to come: VS Code gives each byte of a buffer to the page as a number. */
export function howToAnswer(): Partial<TextRequest> {
  return globalThis.document?.body.dataset.vscodeThemeKind === undefined ? {} : { in_text: true };
}

/** The buffers of an answer, wherever it has them. */
export function buffersOf(message: object, buffers: readonly DataView[]): readonly DataView[] {
  const texts = (message as Partial<TextAnswer>).buffers;
  return texts ? texts.map((text) => new DataView(bytesOf(text).buffer)) : buffers;
}
