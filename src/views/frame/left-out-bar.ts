import { mapSignal } from "../../core/async/map-signal";
import { element } from "../../dom/element";
import { numberInput } from "../../dom/inputs";
import { tokenText } from "../../dom/token";
import { effectUntil } from "../../dom/until";
import { DEFAULTS } from "../../options.gen";
import type { Scene } from "../scene/scene";

/** The most keys that are named; more are counted. */
const MOST = 12;

/** Names the keys that are left out, each with a button that brings it back, and sets what counts as a sink. */
export function leftOutBar(scene: Scene, signal: AbortSignal): HTMLElement {
  const { aids } = scene.context.options;
  const name = element("span", { class: "hs-label" }, "Left out");
  const chips = element("span", { class: "hs-left-out-keys" });
  const note = element("span", { class: "hs-quiet" });
  const share = shareControl(scene, signal);
  const bar = element("div", { class: "hs-left-out", role: "group", "aria-label": "Keys that are left out" });
  bar.append(name, chips, share, note);
  effectUntil(signal, () => {
    bar.hidden = !aids.hideSink.value && aids.exclude.value.length === 0;
    share.hidden = !aids.hideSink.value;
    const [sinks, kept] = [scene.leftOut.sinks.value, new Set(aids.keepSinks.value)];
    const others = aids.exclude.value.filter((key) => !sinks.includes(key) || kept.has(key));
    const made = [
      ...sinks.map((key) => chip(scene, key, kept.has(key) ? "kept" : "sink", signal)),
      ...others.map((key) => chip(scene, key, "excluded", signal)),
    ];
    chips.replaceChildren(...made.slice(0, MOST), ...(made.length > MOST ? [`and ${made.length - MOST} more`] : []));
    note.textContent = noteOf(scene, made.length);
  });
  return bar;
}

function noteOf({ leftOut, context }: Scene, count: number): string {
  const { hideSink } = context.options.aids;
  if (leftOut.isMeasuring.value) return "measuring";
  if (hideSink.value && leftOut.measured.value && !leftOut.measured.value.shares) {
    return "not measured here: the first key stands for the sinks";
  }
  return count === 0 ? "no key of this layer gathers so much" : "the other weights of each query add up to 1";
}

function shareControl({ context }: Scene, signal: AbortSignal): HTMLElement {
  const { sinkShare } = context.options.aids;
  // An emptied field stands for the default.
  const value = mapSignal(
    sinkShare,
    (share): number | null => share,
    (given) => given ?? DEFAULTS.sink_share,
  );
  const input = numberInput(
    "Share of a sink",
    value,
    { min: 0, max: 0.99, step: 0.05, none: String(DEFAULTS.sink_share) },
    signal,
  );
  const title = "A sink gathers more than this mean weight from the queries that see it, over all heads of the layer";
  return element("label", { class: "hs-share", title }, "sinks gather more than", input);
}

/** A key as a button that brings it back, or that leaves a sink out again. */
function chip(scene: Scene, key: number, kind: "sink" | "kept" | "excluded", signal: AbortSignal): HTMLElement {
  const { lead, text } = tokenText(scene.wholeMap.peek()?.key_tokens[key] ?? "", 16);
  const share = scene.leftOut.measured.value?.shares?.[key];
  const gathers = share === undefined ? "" : `gathers ${share.toFixed(2)} of the attention; `;
  const press = kind === "kept" ? "leave it out again" : "bring it back";
  const label = `${lead}${text} [${key}]`;
  const made = element("button", {
    type: "button",
    class: "hs-button hs-key-chip",
    "aria-pressed": String(kind !== "kept"),
    "aria-label": `${label}: ${press}`,
    title: `${gathers}click to ${press}`,
  });
  made.append(
    element("bdi", {}, lead + text),
    ` [${key}]`,
    element("span", { "aria-hidden": "true" }, kind === "kept" ? " +" : " ×"),
  );
  made.addEventListener("click", () => bringBack(scene, key, kind), { signal });
  return made;
}

function bringBack({ context }: Scene, key: number, kind: "sink" | "kept" | "excluded"): void {
  const { keepSinks, exclude } = context.options.aids;
  if (kind === "excluded") exclude.value = exclude.peek().filter((one) => one !== key);
  else if (kind === "kept") keepSinks.value = keepSinks.peek().filter((one) => one !== key);
  else keepSinks.value = [...keepSinks.peek(), key].sort((a, b) => a - b);
}
