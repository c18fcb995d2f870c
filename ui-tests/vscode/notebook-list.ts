import type { Output, Place } from "./messages";

/** How far the webview reaches beyond the notebook at both ends, in CSS pixels. */
export const BEYOND = 5000;
const LINE = 19;
const CODE_PADDING = 16;
const GAP = 24;

interface Cell {
  readonly id: string;
  readonly code: HTMLElement;
  readonly height: number;
  readonly outputs: string[];
}

/**
 * Lays out a notebook as VS Code's list of cells does: code in the workbench, outputs in one webview that lies over all
 * cells, is as high as the notebook and more, and begins above the window.
 */
export class NotebookList {
  readonly #cells: Cell[] = [];
  readonly #heights = new Map<string, number>();

  constructor(
    readonly box: HTMLElement,
    /** Whether the newest output is brought into sight, as in the Interactive Window. */
    readonly followsNewest: boolean,
  ) {}

  addCell(id: string, text: string): void {
    const code = document.createElement("div");
    code.className = "cell";
    code.textContent = text;
    const height = text.split("\n").length * LINE + CODE_PADDING;
    code.style.height = `${height}px`;
    this.box.append(code);
    this.#cells.push({ id, code, height, outputs: [] });
  }

  /** Adds an output and returns its place in the webview. */
  addOutput({ id, cell }: Output): number {
    this.#cells.find((one) => one.id === cell)?.outputs.push(id);
    return this.layOut().find((place) => place.id === id)?.top ?? 0;
  }

  resize(id: string, height: number): void {
    this.#heights.set(id, height);
  }

  /** Returns the places of the outputs in the webview. */
  layOut(): Place[] {
    const places: Place[] = [];
    let top = 0;
    for (const { code, height, outputs } of this.#cells) {
      code.style.top = `${top}px`;
      top += height;
      for (const id of outputs) {
        places.push({ id, top: top + BEYOND });
        top += this.#heights.get(id) ?? 0;
      }
      top += GAP;
    }
    const frame = this.box.querySelector("iframe");
    frame?.style.setProperty("top", `${-BEYOND}px`);
    frame?.style.setProperty("height", `${top + 2 * BEYOND}px`);
    this.#height = top;
    if (this.followsNewest) this.scroll(top);
    return places;
  }

  #height = 0;

  scroll(delta: number): void {
    const most = Math.max(0, this.#height - this.box.clientHeight);
    this.box.scrollTop = Math.min(most, Math.max(0, this.box.scrollTop + delta));
  }
}
