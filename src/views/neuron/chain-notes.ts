import type { ReadonlySignal } from "@preact/signals-core";
import { css, signedColor } from "../../core/look/colors";
import { element } from "../../dom/element";
import { widthOf } from "../../dom/size";
import { effectUntil } from "../../dom/until";
import { strengthOf } from "../../draw/neuron";
import type { LineArea } from "../head/head-lines";
import type { Scene } from "../scene/scene";
import type { ExpandedQuery, ShownChain } from "./expanded-query";

/** The ends of the legend. Larger values look nearly the same. */
const END = 8;

/** Shows notes under the chain, or the reason why there is none. */
export function mountNotes(
  parent: HTMLElement,
  { area, box }: LineArea,
  scene: Scene,
  { reason, shown }: ExpandedQuery,
  signal: AbortSignal,
): void {
  const sideways = scrollButton(box, signal);
  const [room, extent] = [widthOf(box, 0, signal), widthOf(area, 0, signal)];
  const why = element("p", { class: "hs-why" });
  const notes = element("div", { class: "hs-notes" });
  parent.prepend(why);
  parent.append(notes);
  effectUntil(signal, () => {
    why.textContent = reason.value && `No neurons to show in layer ${scene.layer.value}. ${reason.value}`;
    why.hidden = reason.value === "";
  });
  effectUntil(signal, () => {
    const isWider = extent.value > room.value;
    sideways.hidden = !isWider;
    area.toggleAttribute("data-wider", isWider);
  });
  effectUntil(signal, () => {
    const now = shown.value;
    notes.replaceChildren(
      ...(now ? [sideways, legend(scene.dark), ...sentences(now).map((text) => element("p", {}, text))] : []),
    );
  });
}

/** A button that scrolls a chain that is too wide to its numbers on the right, and back. */
function scrollButton(box: HTMLElement, signal: AbortSignal): HTMLElement {
  const button = element("button", { type: "button", class: "hs-button hs-sideways" });
  const isAway = () => box.scrollLeft > 0;
  const label = () => {
    button.textContent = isAway() ? "← Back to the query" : "To the numbers →";
  };
  label();
  box.addEventListener("scroll", label, { passive: true, signal });
  button.addEventListener("click", () => box.scrollTo({ left: isAway() ? 0 : box.scrollWidth }), { signal });
  return button;
}

function legend(dark: ReadonlySignal<boolean>): HTMLElement {
  const values = Array.from({ length: 17 }, (_, step) => END * (step / 8 - 1));
  const colors = values.map((value) => css(signedColor(strengthOf(value), dark.value)));
  const bar = element("span", {
    class: "hs-legend-bar",
    style: `background: linear-gradient(90deg, ${colors.join(", ")})`,
  });
  const label = `Colours: orange negative, blue positive, full at ${END} and beyond`;
  return element("div", { class: "hs-legend", role: "img", "aria-label": label }, `−${END}`, bar, `+${END}`);
}

function sentences(shown: ShownChain): string[] {
  const { chain, answer } = shown;
  const difference =
    chain.difference === null || answer.vectors.weights === null
      ? "This page does not hold exact weights to compare the softmax with."
      : `The softmax of these scores differs from this row's weights by at most ${formatDifference(chain.difference)}.`;
  return [difference, ...chainNotes(shown)];
}

/** What a reader must know to read the steps. */
export function chainNotes({ answer, isPlain }: ShownChain): string[] {
  const { layer, head, vectors } = answer;
  const { rotary, num_heads, num_kv_heads, kv_head } = vectors.rule;
  return [
    rotary ? "q and k are shown after their rotation by position (rotary encoding)." : "",
    sharing(layer, head, num_heads, num_kv_heads, kv_head),
    isPlain ? "" : "The softmax is over all keys, also those not shown; a merged word stands for its first token here.",
  ].filter((text) => text !== "");
}

/** Formats two digits and a power of ten. */
export function formatDifference(value: number): string {
  return value === 0 ? "0" : value.toExponential(1).replace("-", "−");
}

function sharing(layer: number, head: number, numHeads: number, numKvHeads: number, kvHead: number): string {
  if (numHeads === numKvHeads) return "";
  const each = numHeads / numKvHeads;
  const first = kvHead * each;
  const sharers = each === 2 ? `${first} and ${first + 1}` : `${first} to ${first + each - 1}`;
  return `Head ${head} of layer ${layer} reads the keys of KV head ${kvHead}, which heads ${sharers} share.`;
}
