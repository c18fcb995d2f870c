import type { BlockKind, Snapshot, SnapshotPart } from "../../contract.gen";
import { holdingOf } from "../../core/state/snapshot";
import { NotHeldError } from "../../core/state/source";
import type { Carrier } from "./packed";

/** The weights in a snapshot. */
export class SnapshotParts implements Carrier {
  readonly maxBytes = 64 * 1024 * 1024;
  readonly #snapshot: Snapshot;

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
  }

  has(kind: BlockKind | "vectors", map: string, layer: number, heads: readonly number[]): boolean {
    return this.#find(kind, map, layer, heads) !== undefined;
  }

  async text(kind: BlockKind | "vectors", map: string, layer: number, heads: readonly number[]): Promise<string> {
    const found = this.#find(kind, map, layer, heads);
    if (found) return found.data;
    const here = this.#snapshot.parts.filter((part) => part.kind === kind && part.map === map && part.layer === layer);
    const lacking = this.#snapshot.maps.find(({ name }) => name === map)?.label ?? map;
    if (kind === "vectors") {
      throw new NotHeldError(`The snapshot does not hold the queries and keys of head ${heads.join(", ")}. ${RUN}`);
    }
    if (here.length > 0) throw new NotHeldError(`The snapshot holds only other heads of layer ${layer}. ${RUN}`);
    const holding = holdingOf(this.#snapshot, map);
    throw new NotHeldError(
      `The snapshot holds ${holding || `other parts of ${lacking}`}, not layer ${layer}. Run the cell to see it.`,
    );
  }

  #find(kind: SnapshotPart["kind"], map: string, layer: number, heads: readonly number[]): SnapshotPart | undefined {
    const here = this.#snapshot.parts.filter((part) => part.kind === kind && part.map === map && part.layer === layer);
    return here.find((part) => heads.every((head) => part.heads.includes(head)));
  }
}

const RUN = "Run the cell to see them.";
