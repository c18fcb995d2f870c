import { readdirSync, readFileSync } from "node:fs";
import { FileBytes } from "./file-bytes";
import { type FileCapture, readCapture } from "./file-capture";
import { captureJson } from "./file-metadata";
import { MemoryReader } from "./file-reader";
import { readSafetensors, type Safetensors } from "./safetensors";
import { readFloats, wholeOf } from "./safetensors-values";

const FOLDER = new URL("../../tests/golden/", import.meta.url);
const never = new AbortController().signal;

/** A file of `tests/golden`, and the weights that every reader has to find in it. */
export interface Golden {
  readonly bytes: Uint8Array;
  readonly file: FileBytes;
  readonly capture: FileCapture;
  /** By map and layer, `self.0`: shape (heads, queries, keys). */
  readonly expected: ReadonlyMap<string, Float32Array>;
}

/** The names of all golden files. */
export function goldenNames(): string[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".attn.safetensors"))
    .map((name) => name.replace(".attn.safetensors", ""))
    .sort();
}

export async function readGolden(name: string): Promise<Golden> {
  const saved = await opened(`${name}.attn.safetensors`);
  const truth = await opened(`${name}.expected.safetensors`);
  const expected = new Map<string, Float32Array>();
  for (const [place, tensor] of truth.safetensors.tensors) {
    expected.set(place, await readFloats(truth.file, tensor, wholeOf(tensor), never));
  }
  const { safetensors, file, bytes } = saved;
  return { bytes, file, capture: readCapture(captureJson(safetensors), safetensors.tensors), expected };
}

async function opened(name: string): Promise<{ safetensors: Safetensors; file: FileBytes; bytes: Uint8Array }> {
  const bytes = new Uint8Array(readFileSync(new URL(name, FOLDER)));
  const reader = new MemoryReader(bytes);
  return { safetensors: await readSafetensors(reader, never), file: new FileBytes(reader, 1 << 20), bytes };
}
