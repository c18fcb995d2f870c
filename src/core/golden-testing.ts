import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { PoolKind } from "../contract.gen";
import { FileBytes } from "./file-bytes";
import { type FileCapture, readCapture } from "./file-capture";
import { captureJson } from "./file-metadata";
import { MemoryReader } from "./file-reader";
import { readSafetensors, type Safetensors, type Tensor } from "./safetensors";
import { readFloats, wholeOf } from "./safetensors-values";
import type { TilePlace } from "./tiles";

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

/** What a reader is asked for beside whole weights, and the values of each head that it must answer with. */
export type Pooled = { readonly layer: number; readonly map: string; readonly values: Float32Array } & (
  | {
      readonly kind: "excerpt";
      readonly queries: number[][];
      readonly keys: number[][];
      readonly without_sink: boolean;
    }
  | ({ readonly kind: "tile"; readonly pool: PoolKind } & TilePlace)
);

/** The golden files of which excerpts and tiles are expected too. */
export function pooledNames(): string[] {
  return goldenNames().filter((name) => existsSync(new URL(`${name}.pooled.safetensors`, FOLDER)));
}

export async function readPooled(name: string): Promise<Pooled[]> {
  const { safetensors, file } = await opened(`${name}.pooled.safetensors`);
  const asked = [...safetensors.metadata].sort(([one], [other]) => Number(one) - Number(other));
  return Promise.all(
    asked.map(async ([number, request]) => {
      const tensor = safetensors.tensors.get(number) as Tensor;
      return { ...JSON.parse(request), values: await readFloats(file, tensor, wholeOf(tensor), never) };
    }),
  );
}

async function opened(name: string): Promise<{ safetensors: Safetensors; file: FileBytes; bytes: Uint8Array }> {
  const bytes = new Uint8Array(readFileSync(new URL(name, FOLDER)));
  const reader = new MemoryReader(bytes);
  return { safetensors: await readSafetensors(reader, never), file: new FileBytes(reader, 1 << 20), bytes };
}
