import type { ViewState } from "../../core/state/view-state";

/** The most files whose state is kept. */
const MOST = 50;

type Entry = readonly [path: string, state: unknown];

/**
 * The state in which a reader left each file, kept by the browser. So it survives a reload even in Notebook 7, which
 * keeps no workspace.
 */
export class FileMemory {
  readonly #key: string;

  /** `server` is the server of the files, because one browser may show those of several. */
  constructor(server: string) {
    this.#key = `headscope:files:${server}`;
  }

  recall(path: string): unknown {
    return this.#entries().find(([other]) => other === path)?.[1];
  }

  keep(path: string, state: ViewState): void {
    this.#write(path, state, path);
  }

  /** Moves the state of a file with the file. */
  move(from: string, to: string): void {
    this.#write(to, this.recall(from), from);
  }

  #write(path: string, state: unknown, instead: string): void {
    const others = this.#entries().filter(([other]) => other !== path && other !== instead);
    try {
      localStorage.setItem(this.#key, JSON.stringify([[path, state ?? null], ...others].slice(0, MOST)));
    } catch {
      // A browser may store nothing for a page. Then each file opens with its defaults.
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
