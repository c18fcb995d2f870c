import type { Span } from "../../core/look/viewport";
import { element } from "../../dom/element";
import { type Readout, type ReadScene, tokenName } from "../tokens/readout";
import type { PointedCell } from "./chain-pointing";
import { formatNumber } from "./chain-steps";
import type { ShownChain } from "./expanded-query";

/** What the status line says about the chain: about the cell under the pointer, or about the strongest key. */
export function chainReadout(shown: ShownChain, cell: PointedCell | null, scene: ReadScene): Readout {
  const { chain, row, answer, keyAt } = shown;
  const from = tokenName(scene, "query", row) ?? [];
  const nameOf = (row: number) => tokenName(scene, "key", row) ?? [];
  const { keys, headDim } = answer.vectors;
  const key = cell?.key ?? null;
  const dimension = cell?.dimension ?? null;
  if (key === null && dimension !== null) {
    return [...from, `   dimension ${dimension}   q `, bold(chain.query[dimension] as number)];
  }
  if (key === null) {
    const best = strongest(shown, scene.ranges.value.keys);
    return [...from, " → ", ...nameOf(best), ...steps(shown, best)];
  }
  if (chain.hidden?.[keyAt(key)]) return [...nameOf(key), " is hidden from ", ...from];
  if (dimension === null) return [...from, " → ", ...nameOf(key), ...steps(shown, key)];
  const [q, k] = [chain.query[dimension] as number, keys[keyAt(key) * headDim + dimension] as number];
  const product = [" q ", bold(q), " × k ", bold(k), " = ", bold(q * k)];
  return [...from, " → ", ...nameOf(key), `   dimension ${dimension}  `, ...product];
}

function steps({ chain, columns, keyAt }: ShownChain, row: number): Readout {
  return columns
    .filter(({ name }) => name !== "mask")
    .flatMap((column) => [`   ${column.title} `, bold(column.valueAt(chain, keyAt(row)))]);
}

function bold(value: number): HTMLElement {
  return element("b", {}, formatNumber(value));
}

/** The row of the shown key with the largest weight. */
function strongest({ chain, keyAt, keysInSight }: ShownChain, shown: Span): number {
  const [start, stop] = [Math.max(keysInSight[0], shown[0]), Math.min(keysInSight[1], shown[1])];
  let best = start;
  for (let row = start + 1; row < stop; row++) {
    if ((chain.softmax[keyAt(row)] as number) > (chain.softmax[keyAt(best)] as number)) best = row;
  }
  return best;
}
