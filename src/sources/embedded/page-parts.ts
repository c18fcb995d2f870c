import type { BlockKind } from "../../contract.gen";
import type { Carrier } from "./packed";

/** The weights in a standalone page: one `<script type="text/plain">` per layer. */
export class PageParts implements Carrier {
  readonly maxBytes = Number.POSITIVE_INFINITY;
  readonly #page: string;

  /** `page` is the prefix of the ids of the page's parts. */
  constructor(page: string) {
    this.#page = page;
  }

  has(kind: BlockKind | "vectors", map: string, layer: number): boolean {
    return document.getElementById(`${this.#page}-${kind}-${map}-${layer}`) !== null;
  }

  /**
   * Waits for a missing part only while the page loads, so the first picture appears before a large page is complete.
   */
  async text(kind: BlockKind | "vectors", map: string, layer: number): Promise<string> {
    const id = `${this.#page}-${kind}-${map}-${layer}`;
    if (!document.getElementById(id) && document.readyState === "loading") await parsed();
    const text = document.getElementById(id)?.textContent;
    const what = kind === "vectors" ? "the queries and keys of layer" : "layer";
    if (!text) throw new Error(`This page does not hold ${what} ${layer} of "${map}".`);
    return text;
  }
}

function parsed(): Promise<void> {
  return new Promise((resolve) => document.addEventListener("DOMContentLoaded", () => resolve(), { once: true }));
}
