import { checkCapture } from "../core/file-capture";
import { captureJson, FILE_VERSION } from "../core/file-metadata";
import type { ByteReader } from "../core/file-reader";
import { readSafetensors } from "../core/safetensors";
import { type AttentionFile, FileSource } from "./file";

/**
 * Opens a file that `capture.save` wrote: reads its header, in one read or two, and checks all that it says.
 * Rejects with an Error whose message is a sentence for people, or with the signal's reason once it aborts.
 */
export async function openFile(reader: ByteReader, signal: AbortSignal): Promise<AttentionFile> {
  const safetensors = await readSafetensors(reader, signal);
  const { name, headscope, maps } = checkCapture(captureJson(safetensors));
  return { name, headscope, maps, version: FILE_VERSION, source: () => new FileSource(reader) };
}
