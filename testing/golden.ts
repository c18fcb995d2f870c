import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { PoolKind } from "../src/contract.gen";
import { MemoryReader } from "../src/core/file/byte-reader";
import { FileBytes } from "../src/core/file/file-bytes";
import { captureJson, type FileCapture, readCapture } from "../src/core/file/read-capture";
import { readSafetensors, type Safetensors, type Tensor } from "../src/core/file/safetensors";
import { readFloats, wholeOf } from "../src/core/file/safetensors-values";
import type { TilePlace } from "../src/core/tiles/tiles";

const FOLDER = new URL("../tests/golden/", import.meta.url);
const never = new AbortController().signal;

/** A file of `tests/golden`, and the weights that every reader must find in it. */
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

/** A request for an excerpt or for tiles, and the values of each head that every reader must return. */
export type Pooled = { readonly layer: number; readonly map: string; readonly values: Float32Array } & (
  | {
      readonly kind: "excerpt";
      readonly queries: number[][];
      readonly keys: number[][];
      readonly without_sink: boolean;
    }
  | ({ readonly kind: "tile"; readonly pool: PoolKind } & TilePlace)
);

/** The golden files that have expected excerpts and tiles too. */
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

/** The largest difference between two arrays; infinite if their lengths differ, or a weight is missing in only one. */
export function largestDifference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  let most = 0;
  for (let at = 0; at < found.length; at++) {
    const [value, other] = [found[at] as number, expected[at] as number];
    if (Number.isNaN(value) && Number.isNaN(other)) continue;
    const apart = Math.abs(value - other);
    most = Number.isNaN(apart) ? Number.POSITIVE_INFINITY : Math.max(most, apart);
  }
  return most;
}
