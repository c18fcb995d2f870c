import { batch, signal as newSignal, type Signal } from "@preact/signals-core";
import type { Theme } from "../contract.gen";
import type { ViewOptions } from "../core/context";
import { followSettings, type ReaderSettings, USUAL_SETTINGS } from "../core/live";
import { effectUntil } from "../dom/until";

/** The settings that decide options, with the traits that those are. */
const TRAITS = { scale: "scale", colorMap: "color_map", threshold: "threshold" } as const;
const NAMES = Object.keys(TRAITS) as (keyof typeof TRAITS)[];

/** The traits that settings may decide. */
export const DECIDABLE: readonly string[] = Object.values(TRAITS);

/**
 * Lets a reader's settings decide what neither Python nor the reader has decided in this view. What they decide is
 * written as if chosen in the view: Python reads it, exports show it, and any choice made later stands.
 * `decided` names the options that were given, so that a view that is drawn again is left as it is.
 */
export function applySettings(options: ViewOptions, decided: Signal<readonly string[]>, ended: AbortSignal): void {
  const cells = { scale: options.scale, colorMap: options.colorMap, threshold: options.aids.threshold };
  let applied = USUAL_SETTINGS;
  let free = NAMES.filter((name) => !decided.peek().includes(TRAITS[name]));
  const apply = (settings: ReaderSettings) => {
    free = free.filter((name) => cells[name].peek() === applied[name]);
    applied = settings;
    const moved = free.filter((name) => cells[name].peek() !== settings[name]);
    batch(() => {
      for (const name of moved) cells[name].value = settings[name] as never;
      if (moved.length > 0) decided.value = [...new Set([...decided.peek(), ...moved.map((name) => TRAITS[name])])];
    });
  };
  followSettings(apply, ended);
}

/** The theme of a view: its own, and where that is the page's, the one of the reader's settings. */
export function themeOf(own: Signal<Theme>, ended: AbortSignal): Signal<Theme> {
  const wished = newSignal<Theme>("auto");
  const shown = newSignal<Theme>(own.peek());
  followSettings(({ theme }) => {
    wished.value = theme;
  }, ended);
  effectUntil(ended, () => {
    shown.value = own.value === "auto" ? wished.value : own.value;
  });
  return shown;
}
