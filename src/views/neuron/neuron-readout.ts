import type { MapDescription } from "../../contract.gen";
import { element } from "../../dom/element";
import { type Readout, word } from "../tokens/readout";
import type { PointedCell } from "./chain-pointing";
import { formatNumber } from "./chain-steps";
import type { ShownChain } from "./expanded-query";

/** What the status line says about the chain: about the cell under the pointer, or about the strongest key. */
export function chainReadout(shown: ShownChain, cell: PointedCell | null, description: MapDescription): Readout {
  const { chain, row, answer, keyAt } = shown;
  const from = word(description.query_tokens[row] ?? "");
  const { keys, headDim } = answer.vectors;
  const key = cell?.key ?? null;
  const dimension = cell?.dimension ?? null;
  if (key === null && dimension !== null) {
    return [from, `   dimension ${dimension}   q `, bold(chain.query[dimension] as number)];
  }
  if (key === null) return [from, " → ", ...steps(shown, strongest(shown), description)];
  if (chain.hidden?.[keyAt(key)]) return [word(description.key_tokens[key] ?? ""), " is hidden from ", from];
  if (dimension === null) return [from, " → ", ...steps(shown, key, description)];
  const [q, k] = [chain.query[dimension] as number, keys[keyAt(key) * headDim + dimension] as number];
  const to = word(description.key_tokens[key] ?? "");
  const product = [" q ", bold(q), " × k ", bold(k), " = ", bold(q * k)];
  return [from, " → ", to, `   dimension ${dimension}  `, ...product];
}

function steps({ chain, columns, keyAt }: ShownChain, row: number, description: MapDescription): Readout {
  const values = columns
    .filter(({ name }) => name !== "mask")
    .flatMap((column) => [`   ${column.title} `, bold(column.valueAt(chain, keyAt(row)))]);
  return [word(description.key_tokens[row] ?? ""), ...values];
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
