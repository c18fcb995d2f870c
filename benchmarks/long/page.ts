import type { Page } from "playwright-core";
import type { LongView } from "./job";

/** How long something took, and what came over the websocket for it. */
export interface Timing {
  /** Milliseconds until a first picture is painted, coarse as it may be. */
  readonly first: number;
  /** Milliseconds until the view says that it is ready, and that is painted. */
  readonly ready: number;
  /** Milliseconds until nothing more is awaited: also what is gathered beyond the tokens in sight. */
  readonly whole: number;
}

/** What is done to a view: its layer or heads are switched, or a key is pressed on a part of it. */
export type Step =
  | { readonly layer: number }
  | { readonly head: number }
  /** How far a zoomed map is moved by one turn of the wheel, in widths and heights of what is in sight. */
  | { readonly right: number; readonly down: number }
  | { readonly key: string; readonly on: string; readonly shift?: boolean; readonly times?: number };

declare global {
  interface Window {
    /** Times what `act` starts in a view. */
    headscopeTimed(kind: LongView, act: () => unknown, layer?: number): Promise<Timing>;
  }
}

/** Puts the clock into the page: all is timed there, by what the view says of itself and by frames. */
export async function bringClock(page: Page): Promise<void> {
  await page.evaluate(() => {
    const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));
    const root = (kind: string) => document.querySelector<HTMLElement>(`.headscope[data-view="${kind}"]`);
    const isReady = (kind: string, layer?: number) => {
      const said = root(kind)?.dataset;
      if (said?.state === "error") throw new Error(`The view shows an error: ${root(kind)?.textContent}`);
      return said?.state === "ready" && (layer === undefined || said.layer === String(layer));
    };
    /** Whether a canvas that is large enough to be a picture has any pixel. */
    const hasPicture = (kind: string) =>
      [...(root(kind)?.querySelectorAll("canvas") ?? [])].some((canvas) => {
        if (canvas.width < 20 || canvas.height < 20) return false;
        const { data } = canvas.getContext("2d")?.getImageData(0, canvas.height >> 2, canvas.width, 1) ?? { data: [] };
        return Array.from(data).some((value) => value > 0);
      });
    /** Waits for a state of the page, and until the frame that shows it is painted: a task behind it tells. */
    const painted = async (isThere: () => boolean) => {
      for (const limit = performance.now() + 180_000; !isThere(); await frame()) {
        if (performance.now() > limit) throw new Error("This takes more than three minutes.");
      }
      await frame();
      await new Promise((resolve) => setTimeout(resolve));
      return performance.now();
    };
    window.headscopeTimed = async (kind, act, layer) => {
      const fresh = root(kind) === null;
      await frame();
      const begin = performance.now();
      void act();
      const first = fresh ? await painted(() => hasPicture(kind)) : begin;
      const ready = await painted(() => isReady(kind, layer));
      const whole = await painted(() => isReady(kind, layer) && root(kind)?.dataset.beyond === undefined);
      return { first: first - begin, ready: ready - begin, whole: whole - begin };
    };
  });
}

/** Shows a view in a cell that was there before, and times it from the run of the cell. */
export function show(page: Page, cell: number, kind: LongView): Promise<Timing> {
  return page.evaluate(
    ({ cell, kind }) => {
      const { content } = window.headscopeTestPanel;
      content.activeCellIndex = cell;
      return window.headscopeTimed(kind, () => window.jupyterapp.commands.execute("notebook:run-cell"));
    },
    { cell, kind },
  );
}

/** Takes the outputs of a cell away, and its view with them. */
export async function hide(page: Page, cell: number): Promise<void> {
  await page.evaluate(async (cell) => {
    const { content } = window.headscopeTestPanel;
    content.activeCellIndex = cell;
    await window.jupyterapp.commands.execute("notebook:clear-cell-output");
  }, cell);
}

/** Takes one step in a view, and times it from the event; tells too whether any picture has changed. */
export function take(page: Page, kind: LongView, step: Step): Promise<Timing & { readonly changed: boolean }> {
  return page.evaluate(
    async ({ kind, step }) => {
      const root = document.querySelector<HTMLElement>(`.headscope[data-view="${kind}"]`);
      const found = <Kind extends HTMLElement>(selector: string): Kind => {
        const element = root?.querySelector<Kind>(selector);
        if (!element) throw new Error(`The ${kind} view has no ${selector}.`);
        return element;
      };
      const act = () => {
        if ("layer" in step) {
          const select = found<HTMLSelectElement>('select[aria-label="Layer"]');
          select.value = String(step.layer);
          select.dispatchEvent(new Event("change", { bubbles: true }));
        } else if ("head" in step) {
          // A head that is alone already would bring all the others back.
          const on = [...(root?.querySelectorAll<HTMLElement>('.hs-heads [aria-pressed="true"]') ?? [])];
          if (on.length === 1 && on[0]?.dataset.head === String(step.head)) return;
          const click = new MouseEvent("click", { bubbles: true, shiftKey: true });
          found(`.hs-heads [data-head="${step.head}"]`).dispatchEvent(click);
        } else if ("right" in step) {
          const { x, y, width, height } = found('[data-map="0"]').getBoundingClientRect();
          const [deltaX, deltaY] = [step.right * width, step.down * height];
          const turn = {
            deltaX,
            deltaY,
            clientX: x + width / 2,
            clientY: y + height / 2,
            bubbles: true,
            cancelable: true,
          };
          found('[data-map="0"]').dispatchEvent(new WheelEvent("wheel", turn));
        } else {
          const { key, shift: shiftKey = false, times = 1 } = step;
          const keys = { key, shiftKey, bubbles: true, cancelable: true };
          for (let time = 0; time < times; time++) found(step.on).dispatchEvent(new KeyboardEvent("keydown", keys));
        }
      };
      const pictures = () => [...(root?.querySelectorAll("canvas") ?? [])].map((canvas) => canvas.toDataURL()).join();
      const before = pictures();
      // The wheel moves what the reader has clicked into.
      if ("right" in step) found(".hs-panels").focus({ preventScroll: true });
      const timing = await window.headscopeTimed(kind, act, "layer" in step ? step.layer : undefined);
      return { ...timing, changed: pictures() !== before };
    },
    { kind, step },
  );
}
