import type { ViewState } from "../core/view-state";

/** Files of which it is kept how they were left. */
const MOST = 50;

type Entry = readonly [path: string, state: unknown];

/**
 * How a reader left each file, kept by the browser: a reload of the page finds it, in Notebook 7 too, where no
 * workspace is kept.
 */
export class FileMemory {
  readonly #key: string;

  /** `server` is where the files are: one browser may show those of several. */
  constructor(server: string) {
    this.#key = `headscope:files:${server}`;
  }

  recall(path: string): unknown {
    return this.#entries().find(([other]) => other === path)?.[1];
  }

  keep(path: string, state: ViewState): void {
    this.#write(path, state, path);
  }

  /** The file at `from` is at `to` by now. */
  move(from: string, to: string): void {
    this.#write(to, this.recall(from), from);
  }

  #write(path: string, state: unknown, instead: string): void {
    const others = this.#entries().filter(([other]) => other !== path && other !== instead);
    try {
      localStorage.setItem(this.#key, JSON.stringify([[path, state ?? null], ...others].slice(0, MOST)));
    } catch {
      // A browser may keep nothing for a page: then a file begins anew each time.
    }
  }

  #entries(): Entry[] {
    try {
      const kept: unknown = JSON.parse(localStorage.getItem(this.#key) ?? "[]");
      return Array.isArray(kept) ? kept.filter(isEntry) : [];
    } catch {
      return [];
    }
  }
}

function isEntry(value: unknown): value is Entry {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === "string";
}
