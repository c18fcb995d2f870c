import type { FileBytes } from "../file/file-bytes";
import type { FileBias, FileRules, FileVisible } from "../file/layer-rules";
import type { Tensor } from "../file/safetensors";
import { readBytes, readFloats, readInts, wholeOf } from "../file/safetensors-values";
import { type Bias, checkBias } from "./bias";
import { checkVisible, type Visible } from "./visible-keys";

/** The rules of one head, in memory. */
export interface HeadRules {
  readonly scaling: number;
  readonly softcap: number | null;
  readonly sink: number | null;
  readonly visible: Visible | null;
  readonly biases: readonly Bias[];
}

/** Reads the rules of one head. Rejects with a message for users if their values contradict each other. */
export async function loadRules(
  file: FileBytes,
  rules: FileRules,
  head: number,
  numKeys: number,
  signal: AbortSignal,
): Promise<HeadRules> {
  const { scaling, softcap, sinks } = rules;
  const [sink, visible, ...biases] = await Promise.all([
    sinks && readFloats(file, sinks, [head, head + 1], signal),
    rules.visible && loadVisible(file, rules.visible, numKeys, signal),
    ...rules.biases.map((bias) => loadBias(file, bias, head, numKeys, signal)),
  ]);
  return { scaling, softcap, sink: sink?.[0] ?? null, visible, biases };
}

async function loadVisible(file: FileBytes, of: FileVisible, numKeys: number, signal: AbortSignal): Promise<Visible> {
  const bytes = (tensor: Tensor | null) => tensor && readBytes(file, tensor, wholeOf(tensor), signal);
  const [start, stop, shown, exceptions] = await Promise.all([
    readInts(file, of.start, signal),
    readInts(file, of.stop, signal),
    bytes(of.shown),
    bytes(of.exceptions),
  ]);
  const visible = { numKeys, start, stop, shown, exceptions };
  checkVisible(visible);
  return visible;
}

async function loadBias(
  file: FileBytes,
  of: FileBias,
  head: number,
  numKeys: number,
  signal: AbortSignal,
): Promise<Bias> {
  const part = of.table.shape[0] === 1 ? 0 : head;
  const reading = readFloats(file, of.table, [part, part + 1], signal);
  if (of.kind === "table") return { kind: "table", table: await reading, numKeys };
  const [table, queryAt, keyAt] = await Promise.all([
    reading,
    readInts(file, of.queryAt, signal),
    readInts(file, of.keyAt, signal),
  ]);
  const bias = { kind: "distance", table, zero: of.zero, queryAt, keyAt } as const;
  checkBias(bias);
  return bias;
}
