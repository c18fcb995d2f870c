import type { BlockHeader } from "../../contract.gen";
import { type BlockHead, type DecodedBlock, headsOf } from "./blocks";
import { cacheKey } from "./head-cache";
import type { HeadWeights } from "./head-weights";

/** A head for which some rows have not arrived. */
interface PartialHead {
  readonly weights: HeadWeights;
  readonly arrived: Uint8Array;
  rowsLeft: number;
}

/** Assembles heads that arrive in several blocks, each with some of the rows. */
export class HeadAssembler {
  readonly #partial = new Map<string, PartialHead>();

  /**
   * Adds a block and returns the heads that it completes. `numQueries` is that of the block's map. A block that has all
   * rows is not copied; an overview always has all rows.
   */
  add(block: DecodedBlock, numQueries: number): BlockHead[] {
    const { kind, queries } = block.header;
    if ((queries[1] as number) > numQueries) {
      throw new Error(`A block has queries ${queries.join(" to ")}, but its attention map has only ${numQueries}.`);
    }
    const heads = headsOf(block);
    if (kind === "overview" || (queries[0] === 0 && queries[1] === numQueries)) {
      for (const { head } of heads) this.#partial.delete(keyOf(block.header, head));
      return heads;
    }
    return heads.flatMap(({ head, weights }) => this.#addRows(block.header, head, weights, numQueries));
  }

  /** Forgets the incomplete heads. */
  clear(): void {
    this.#partial.clear();
  }

  #addRows(header: BlockHeader, head: number, part: HeadWeights, numQueries: number): BlockHead[] {
    const key = keyOf(header, head);
    let whole = this.#partial.get(key);
    // A source may change its encoding between two answers, and rows of the two cannot be mixed.
    if (whole?.weights.dtype !== part.dtype || whole.weights.numKeys !== part.numKeys)
      whole = emptyHead(part, numQueries);
    this.#partial.set(key, whole);
    const first = header.queries[0] as number;
    whole.weights.codes.set(part.codes, first * part.numKeys);
    for (let query = first; query < first + part.numQueries; query++) {
      if (!whole.arrived[query]) whole.rowsLeft--;
      whole.arrived[query] = 1;
    }
    if (whole.rowsLeft > 0) return [];
    this.#partial.delete(key);
    return [{ head, weights: whole.weights }];
  }
}

function emptyHead(part: HeadWeights, numQueries: number): PartialHead {
  const length = numQueries * part.numKeys;
  const codes = part.codes instanceof Uint16Array ? new Uint16Array(length) : new Uint8Array(length);
  return { weights: { ...part, numQueries, codes }, arrived: new Uint8Array(numQueries), rowsLeft: numQueries };
}

function keyOf({ kind, map, layer }: BlockHeader, head: number): string {
  return cacheKey(kind, map, layer, head);
}
