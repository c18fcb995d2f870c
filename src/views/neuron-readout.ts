import type { MapInfo } from "../contract.gen";
import { element } from "../dom/element";
import type { PointedCell } from "./neuron-cells";
import { formatNumber } from "./neuron-columns";
import type { ShownChain } from "./neuron-state";
import { type Readout, word } from "./readout";

/** What the status line says of the chain: of the cell that is pointed at, or of the strongest key. */
export function readChain(shown: ShownChain, cell: PointedCell | null, info: MapInfo): Readout {
  const { chain, row, answer, keyAt } = shown;
  const from = word(info.query_tokens[row] ?? "");
  const { keys, headDim } = answer.vectors;
  const key = cell?.key ?? null;
  const dimension = cell?.dimension ?? null;
  if (key === null && dimension !== null) {
    return [from, `   dimension ${dimension}   q `, bold(chain.query[dimension] as number)];
  }
  if (key === null) return [from, " → ", ...steps(shown, strongest(shown), info)];
  if (chain.hidden?.[keyAt(key)]) return [word(info.key_tokens[key] ?? ""), " is hidden from ", from];
  if (dimension === null) return [from, " → ", ...steps(shown, key, info)];
  const [q, k] = [chain.query[dimension] as number, keys[keyAt(key) * headDim + dimension] as number];
  const to = word(info.key_tokens[key] ?? "");
  const product = [" q ", bold(q), " × k ", bold(k), " = ", bold(q * k)];
  return [from, " → ", to, `   dimension ${dimension}  `, ...product];
}

function steps({ chain, columns, keyAt }: ShownChain, row: number, info: MapInfo): Readout {
  const told = columns
    .filter(({ name }) => name !== "mask")
    .flatMap((column) => [`   ${column.title} `, bold(column.valueAt(chain, keyAt(row)))]);
  return [word(info.key_tokens[row] ?? ""), ...told];
}

function bold(value: number): HTMLElement {
  return element("b", {}, formatNumber(value));
}

/** The row of the key with the largest weight. */
function strongest({ chain, keyAt, keysInSight: [start, stop] }: ShownChain): number {
  let best = start;
  for (let row = start + 1; row < stop; row++) {
    if ((chain.softmax[keyAt(row)] as number) > (chain.softmax[keyAt(best)] as number)) best = row;
  }
  return best;
}
