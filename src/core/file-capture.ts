import type { MapInfo } from "../contract.gen";

/** What a file says of its capture, checked. */
export interface FileCapture {
  readonly name: string;
  readonly headscope: string;
  readonly maps: readonly MapInfo[];
}

/** Checks the JSON of a capture. Throws a sentence for people. */
export function checkCapture(value: unknown): FileCapture {
  const { name, headscope, maps } = (value ?? {}) as Record<string, unknown>;
  if (typeof name !== "string" || typeof headscope !== "string" || !Array.isArray(maps) || maps.length === 0) {
    throw new Error("This file is damaged: it does not say what it holds. Save it again with capture.save().");
  }
  return { name, headscope, maps: maps as MapInfo[] };
}
