import { element } from "../../dom/element";
import { menu } from "../../dom/menu";

/**
 * How much less room a toolbar takes, step by step: labels are left out and menus become icons; then the squares of
 * heads become narrow. What still does not fit goes into a menu.
 */
const STEPS = ["words", "icons", "narrow"] as const;

/** Narrower places get more than one row. */
const ONE_ROW = 560;

/** So many rows at most, beside those of the squares of heads. */
const MOST_ROWS = 2;

const HEADS = ":scope > .hs-heads";

/** The controls of a toolbar that may go into the menu of further controls. */
export function movableControls(toolbar: HTMLElement): HTMLElement[] {
  return [...toolbar.querySelectorAll<HTMLElement>(":scope > .hs-control:not([data-keep])")];
}

/** What a control is called where it can't be seen. */
function nameOf(control: HTMLElement): string {
  const named =
    control.querySelector(":scope > .hs-label")?.textContent || control.querySelector("button")?.textContent;
  return named || control.querySelector("input, select")?.getAttribute("aria-label") || "others";
}

/** Whether the controls of a row that wraps stand in too many rows. */
function isHigh(row: HTMLElement): boolean {
  const controls = [...row.children].filter((one) => one.clientHeight > 0 && !one.querySelector(HEADS));
  const tops = controls.map((one) => one.getBoundingClientRect().top);
  // Controls of one row differ by a few pixels in height.
  return new Set(tops.map((top) => Math.round(top / 12))).size > MOST_ROWS;
}

/** The controls that a full row has no room for: the last ones, but none that still fits beside the others. */
function withoutRoom(movable: readonly HTMLElement[], isFull: () => boolean): HTMLElement[] {
  const show = (control: HTMLElement, isShown: boolean) => control.toggleAttribute("data-away", !isShown);
  const away: HTMLElement[] = [];
  for (const control of [...movable].reverse()) {
    if (!isFull()) break;
    // While a reader types, what is found is said beside the field and takes room.
    if (control.matches(":focus-within")) continue;
    show(control, false);
    away.unshift(control);
  }
  const without = away.filter((control) => {
    show(control, true);
    if (isFull()) show(control, false);
    return control.hasAttribute("data-away");
  });
  for (const control of without) show(control, true);
  return without;
}

/**
 * Keeps the controls of a row in one row, in very narrow places in two and those of the heads. `movable` may go into a
 * menu at the end of the row, the last ones first. Call this once the row has its controls.
 */
export function fitToolbar(row: HTMLElement, movable: readonly HTMLElement[], signal: AbortSignal): void {
  const panel = element("div", { class: "hs-more" });
  const more = menu("More", [panel], signal);
  more.button.dataset.icon = "more";
  const places = movable.map((control) => {
    const place = document.createComment("");
    control.before(place);
    return place;
  });
  const isFull = () => (row.hasAttribute("data-wraps") ? isHigh(row) : row.scrollWidth > row.clientWidth + 1);
  // What moves within the document loses the focus and the click that it is getting, so only what is away moves.
  const putBack = () =>
    movable.forEach((control, at) => {
      const place = places[at] as Comment;
      if (place.nextSibling !== control) place.after(control);
    });
  const fit = () => {
    // A control that the reader uses stays where it is.
    if (!more.control.querySelector(".hs-menu")?.hasAttribute("hidden")) return;
    putBack();
    more.control.hidden = true;
    const wraps = row.clientWidth < ONE_ROW;
    row.toggleAttribute("data-wraps", wraps);
    for (const step of wraps ? STEPS.slice(1) : STEPS) {
      row.dataset.fit = step;
      if (!isFull()) return;
    }
    if (!more.control.isConnected) row.append(more.control);
    more.control.hidden = false;
    const away = withoutRoom(wraps ? movable.filter((one) => !one.querySelector(HEADS)) : movable, isFull);
    panel.append(...away);
    more.button.title = `More controls: ${away.map(nameOf).join(", ")}`;
  };
  let isDue = false;
  const schedule = () => {
    if (isDue || signal.aborted) return;
    isDue = true;
    queueMicrotask(() => {
      isDue = false;
      if (!signal.aborted) observed(fit);
    });
  };
  const contents = new MutationObserver(schedule);
  const observed = (change: () => void) => {
    contents.disconnect();
    change();
    contents.observe(row, { childList: true, subtree: true, attributes: true, attributeFilter: ["hidden"] });
  };
  const size = new ResizeObserver(schedule);
  size.observe(row);
  observed(fit);
  signal.addEventListener("abort", () => {
    contents.disconnect();
    size.disconnect();
    more.control.remove();
  });
}
