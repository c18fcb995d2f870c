import type { MapDescription } from "../../contract.gen";
import { withComposed } from "../../core/composed/composed-map";
import type { ByteReader } from "../../core/file/byte-reader";
import { captureJson, FILE_VERSION, readCapture } from "../../core/file/read-capture";
import { readSafetensors } from "../../core/file/safetensors";
import { type FileLimits, FileSource } from "./file";

/** A capture in a file. */
export interface AttentionFile {
  /** The name of the model, for users. */
  readonly name: string;
  readonly maps: readonly MapDescription[];
  /** The version of the format. */
  readonly version: number;
  /** The version of Headscope that wrote the file. */
  readonly headscope: string;
  /** Answers the requests of views. One source serves all views of the file. */
  source(limits?: Partial<FileLimits>): FileSource;
}

/**
 * Opens a file of `capture.save`: reads its header in one or two reads, and checks everything in it. Rejects with an
 * Error whose message is for users, or with the signal's reason once it aborts.
 */
export async function openFile(reader: ByteReader, signal: AbortSignal): Promise<AttentionFile> {
  const safetensors = await readSafetensors(reader, signal);
  const capture = readCapture(captureJson(safetensors), safetensors.tensors);
  return {
    name: capture.name,
    maps: withComposed(capture.maps.map(({ description }) => description)),
    version: FILE_VERSION,
    headscope: capture.headscope,
    source: (limits) => new FileSource(reader, capture, limits),
  };
}
