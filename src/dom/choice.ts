import type { ReadonlySignal } from "@preact/signals-core";
import { element } from "./element";
import { effectUntil } from "./until";

export interface Choice {
  readonly value: string;
  readonly label: string;
  /** A tooltip; none by default. */
  readonly title?: string;
}

/** A labelled drop-down list that shows `value` and calls `choose` with the reader's choice. */
export function choiceControl(
  label: string,
  choices: ReadonlySignal<readonly Choice[]>,
  value: ReadonlySignal<string>,
  choose: (value: string) => void,
  signal: AbortSignal,
): HTMLSelectElement {
  const select = element("select", { "aria-label": label });
  select.addEventListener("change", () => choose(select.value), { signal });
  effectUntil(signal, () => {
    select.replaceChildren(
      ...choices.value.map((one) => element("option", { value: one.value, ...titled(one.title) }, one.label)),
    );
    select.value = value.peek();
  });
  effectUntil(signal, () => {
    select.value = value.value;
  });
  return select;
}

function titled(title: string | undefined): { title?: string } {
  return title ? { title } : {};
}
