import type { ViewKind } from "../contract.gen";

interface KindName {
  /** As one speaks of it in a sentence. */
  readonly long: string;
  /** On a button or a tab. */
  readonly short: string;
}

/** What each view is called, in the order in which they are offered. */
export const KINDS: Readonly<Record<ViewKind, KindName>> = {
  explorer: { long: "explorer", short: "Explorer" },
  head: { long: "head view", short: "Heads" },
  model: { long: "model view", short: "Model" },
  matrix: { long: "matrix view", short: "Matrix" },
  neuron: { long: "neuron view", short: "Neurons" },
  text: { long: "text view", short: "Text" },
};

export const KIND_LIST = Object.keys(KINDS) as readonly ViewKind[];

export function isKind(value: unknown): value is ViewKind {
  return typeof value === "string" && value in KINDS;
}
