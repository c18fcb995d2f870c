import type { ReadonlySignal } from "@preact/signals-core";
import type { WritableSignal } from "../../core/async/map-signal";
import { element } from "../../dom/element";
import { tokenText } from "../../dom/token";
import { effectUntil } from "../../dom/until";

const NONE = "";

/**
 * A drop-down list that pins a token. It is filled only when the reader reaches for it, because there may be many
 * tokens and many lists.
 */
export function tokenChoice(
  name: string,
  tokens: ReadonlySignal<readonly string[]>,
  pinned: WritableSignal<number | null>,
  signal: AbortSignal,
): HTMLSelectElement {
  const select = element("select", { "aria-label": name, class: "headscope-card-token" });
  const fill = (positions: readonly number[]) => {
    const texts = tokens.peek();
    const options = positions.map((at) => element("option", { value: at }, `${at}  ${textOf(texts[at] ?? "")}`));
    select.replaceChildren(element("option", { value: NONE }, "none"), ...options);
    select.value = String(pinned.peek() ?? NONE);
  };
  const fillAll = () => {
    if (select.length <= tokens.peek().length) fill([...tokens.peek().keys()]);
  };
  for (const event of ["focus", "pointerdown"]) select.addEventListener(event, fillAll, { signal });
  select.addEventListener(
    "change",
    () => {
      pinned.value = select.value === NONE ? null : Number(select.value);
    },
    { signal },
  );
  effectUntil(signal, () => {
    void tokens.value;
    const at = pinned.value;
    const isListed = [...select.options].some(({ value }) => value === String(at ?? NONE));
    if (document.activeElement === select && isListed) select.value = String(at ?? NONE);
    else fill(at === null ? [] : [at]);
  });
  return select;
}

function textOf(token: string): string {
  const { lead, text } = tokenText(token);
  return lead + text;
}
