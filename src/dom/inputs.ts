import type { Signal } from "@preact/signals-core";
import { element } from "./element";
import { effectUntil } from "./until";

export interface NumberWish {
  readonly min: number;
  readonly max: number;
  readonly step: number;
  /** What stands there while no number is chosen. */
  readonly none: string;
}

/** A field for a number, empty for none. What is out of range is brought into it, what is no number is none. */
export function numberInput(
  name: string,
  value: Signal<number | null>,
  { min, max, step, none }: NumberWish,
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

/** A box to tick, with its words. */
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
