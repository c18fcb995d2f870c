import { batch, signal as newSignal, type Signal } from "@preact/signals-core";
import type { Theme } from "../../contract.gen";
import type { ViewOptions } from "../../core/state/context";
import { DEFAULT_SETTINGS, followSettings, SETTING_OPTIONS, type UserSettings } from "../../core/state/live";
import { effectUntil } from "../../dom/until";
import type { OptionRow } from "../../options.gen";

/** The options that settings decide. The theme is separate, because views follow it: see `themeOf`. */
const DECIDED = SETTING_OPTIONS.filter(({ name }) => name !== "theme");

/** The traits that settings may decide. */
export const DECIDABLE: readonly string[] = DECIDED.map(({ name }) => name);

/**
 * Applies a reader's settings to the options that neither Python nor the reader has set in this view. The values are
 * written as if chosen in the view: Python reads them, exports show them, and later choices override them. `decided`
 * names the options that were set, so that a view keeps them when it is drawn again.
 */
export function applySettings(options: ViewOptions, decided: Signal<readonly string[]>, ended: AbortSignal): void {
  const cells = { ...options, ...options.aids } as unknown as Record<string, Signal>;
  let applied = DEFAULT_SETTINGS;
  let free = DECIDED.filter(({ name }) => !decided.peek().includes(name));
  const apply = (settings: UserSettings) => {
    const isAs = ({ signal }: OptionRow, wanted: UserSettings) => cells[signal]?.peek() === settingOf(wanted, signal);
    free = free.filter((row) => isAs(row, applied));
    applied = settings;
    const moved = free.filter((row) => !isAs(row, settings));
    batch(() => {
      for (const { signal } of moved) (cells[signal] as Signal).value = settingOf(settings, signal);
      if (moved.length > 0) decided.value = [...new Set([...decided.peek(), ...moved.map(({ name }) => name)])];
    });
  };
  followSettings(apply, ended);
}

function settingOf(settings: UserSettings, signal: string): unknown {
  return settings[signal as keyof UserSettings];
}

/** The theme of a view: its own, or that of the reader's settings if its own is "auto". */
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
