import type { Signal } from "@preact/signals-core";
import type { WritableSignal } from "../core/async/map-signal";
import { element } from "./element";
import { effectUntil } from "./until";

export interface NumberInputOptions {
  readonly min: number;
  readonly max: number;
  readonly step: number;
  /** The placeholder while no number is chosen. */
  readonly none: string;
}

/** A field for a number. A number out of range is clamped; anything else, and an empty field, is null. */
export function numberInput(
  name: string,
  value: WritableSignal<number | null>,
  { min, max, step, none }: NumberInputOptions,
  signal: AbortSignal,
): HTMLInputElement {
  const input = element("input", { type: "number", "aria-label": name, min, max, step, placeholder: none });
  const take = () => {
    const given = input.value.trim() === "" ? Number.NaN : Number(input.value);
    value.value = Number.isNaN(given) ? null : Math.min(max, Math.max(min, given));
    show();
  };
  const show = () => {
    input.value = value.value === null ? "" : String(value.value);
  };
  input.addEventListener("change", take, { signal });
  effectUntil(signal, show);
  return input;
}

/** A checkbox with a label. */
export function checkbox(text: string, value: Signal<boolean>, signal: AbortSignal): HTMLLabelElement {
  const input = element("input", { type: "checkbox" });
  input.addEventListener(
    "change",
    () => {
      value.value = input.checked;
    },
    { signal },
  );
  effectUntil(signal, () => {
    input.checked = value.value;
  });
  return element("label", { class: "hs-check" }, input, element("span", {}, text));
}
