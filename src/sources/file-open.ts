import type { MapInfo } from "../contract.gen";
import { readCapture } from "../core/file-capture";
import { captureJson, FILE_VERSION } from "../core/file-metadata";
import type { ByteReader } from "../core/file-reader";
import { readSafetensors } from "../core/safetensors";
import { type FileLimits, FileSource } from "./file";

/** A capture in a file. */
export interface AttentionFile {
  /** What people call the model. */
  readonly name: string;
  readonly maps: readonly MapInfo[];
  /** The version of the format. */
  readonly version: number;
  /** The version of Headscope that wrote the file. */
  readonly headscope: string;
  /** Answers what views ask for: one source serves all views of the file. */
  source(limits?: Partial<FileLimits>): FileSource;
}

/**
 * Opens a file that `capture.save` wrote: reads its header, in one read or two, and checks all that it says.
 * Rejects with an Error whose message is a sentence for people, or with the signal's reason once it aborts.
 */
export async function openFile(reader: ByteReader, signal: AbortSignal): Promise<AttentionFile> {
  const safetensors = await readSafetensors(reader, signal);
  const capture = readCapture(captureJson(safetensors), safetensors.tensors);
  return {
    name: capture.name,
    maps: capture.maps.map(({ info }) => info),
    version: FILE_VERSION,
    headscope: capture.headscope,
    source: (limits) => new FileSource(reader, capture, limits),
  };
}
