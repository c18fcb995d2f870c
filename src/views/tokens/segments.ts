import { computed } from "@preact/signals-core";
import type { MapDescription } from "../../contract.gen";
import type { Aids } from "../../core/state/context";
import type { Side } from "../../core/state/side";
import { AXES } from "../../core/state/side";
import { element } from "../../dom/element";
import { checkbox } from "../../dom/inputs";
import { effectUntil } from "../../dom/until";
import type { Scene } from "../scene/scene";

const NO_SEGMENTS = 'This text has no segments: name them when capturing, such as segments="sentences"';
const MEANING = "Weights are summed over keys, and their mean is taken over queries";

/** The control that replaces tokens by their segments, and a list that opens single segments. */
export function segmentAids(scene: Scene, signal: AbortSignal): HTMLElement {
  const { aids } = scene.context.options;
  const box = checkbox("Segments in place of tokens", aids.mergeSegments, signal);
  const why = element("div", { class: "hs-menu-note hs-quiet" });
  const list = element("div", { class: "hs-segment-list", role: "group", "aria-label": "Opened segments" });
  const names = computed(() => namesOf(scene.wholeMap.value));
  effectUntil(signal, () => {
    const input = box.querySelector("input");
    if (input) input.disabled = names.value.length === 0;
    why.textContent = names.value.length === 0 ? NO_SEGMENTS : MEANING;
  });
  effectUntil(signal, () => {
    list.hidden = !aids.mergeSegments.value || names.value.length === 0;
    const open = new Set(aids.openSegments.value);
    list.replaceChildren(...names.value.map((name, segment) => toggle(name, open.has(segment), segment)));
  });
  list.addEventListener(
    "click",
    (event) => {
      const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-segment]") : null;
      if (button) toggleSegment(aids, Number(button.dataset.segment));
    },
    { signal },
  );
  return element("div", {}, box, why, list);
}

/** The names of the segments by number, of the side that has more of them. */
function namesOf(description: MapDescription | undefined): readonly string[] {
  const { query_segments: queries = [], key_segments: keys = [] } = description ?? {};
  return (keys.length > queries.length ? keys : queries).map(({ name }) => name);
}

function toggle(name: string, isOpen: boolean, segment: number): HTMLElement {
  const attributes = { type: "button", class: "hs-button", "data-segment": segment, "aria-pressed": String(isOpen) };
  return element("button", { ...attributes, title: isOpen ? "Close it" : "Show its tokens" }, name);
}

/** Opens a segment, or closes it again. */
export function toggleSegment({ openSegments }: Aids, segment: number): void {
  const open = openSegments.peek();
  openSegments.value = open.includes(segment)
    ? open.filter((one) => one !== segment)
    : [...open, segment].sort((a, b) => a - b);
}

/** The segment of a row; null if the row is not a segment. */
export function segmentOf(scene: Pick<Scene, "shownMap" | "wholeMap">, side: Side, row: number): number | null {
  const axis = scene.shownMap.peek()?.[AXES[side]];
  const [first, last] = [axis?.groups[row]?.[0], axis?.groups[row]?.at(-1)];
  const description = scene.wholeMap.peek();
  if (!axis?.names.has(row) || !description || first === undefined || last === undefined) return null;
  const segments = side === "query" ? description.query_segments : description.key_segments;
  const found = segments.findIndex(({ start, stop }) => start <= first && last < stop);
  return found < 0 ? null : found;
}

/** Opens a segment on a double click on its row. */
export function mountSegments(area: HTMLElement, scene: Scene, signal: AbortSignal): void {
  const open = (event: Event) => {
    const row = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-query], [data-key]") : null;
    const side = row?.dataset.query === undefined ? "key" : "query";
    const segment = row ? segmentOf(scene, side, Number(row.dataset[side])) : null;
    if (segment !== null) toggleSegment(scene.context.options.aids, segment);
  };
  area.addEventListener("dblclick", open, { signal });
}
