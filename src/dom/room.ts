import type { Signal } from "@preact/signals-core";
import { followHiddenBelow, followVisibleHeight, isFramed } from "./sight";

/** What scrolls a notebook, a tab or an output of its own in JupyterLab and Notebook. */
const SCROLLERS = ".jp-WindowedPanel-outer, .headscope-tab, .headscope-file, .jp-LinkedOutputView, .jp-Notebook";
/** The margin between a view and the edges of what scrolls it, in CSS pixels. */
const MARGIN = 20;
/** The least height of a view that is cut to its surroundings, in CSS pixels. */
const LEAST = 400;
/** The height in a frame of which no more is known: it may be as high as its contents, so its own height says nothing. */
const IN_FRAME = 640;
/** A higher view is never in sight at once. */
const MOST = 1400;

/** The part of the page in which a view can be seen: the box that scrolls it, or the window. */
interface Surroundings {
  readonly top: number;
  readonly bottom: number;
}

function surroundings(root: HTMLElement): Surroundings {
  const scroller = root.closest(SCROLLERS);
  if (!scroller) return { top: 0, bottom: window.innerHeight };
  const { top } = scroller.getBoundingClientRect();
  return { top, bottom: top + scroller.clientHeight };
}

/** Whether something outside of this page scrolls the view. */
function isScrolledOutside(root: HTMLElement): boolean {
  return isFramed() && !root.closest(SCROLLERS);
}

/** The height that a view may have so that all of it can be in sight. `sight` is 0 or the height seen of a frame. */
function roomOf(root: HTMLElement, sight: number): number {
  const { top, bottom } = surroundings(root);
  const seen = isScrolledOutside(root) ? sight || Math.min(IN_FRAME + MARGIN, bottom) : bottom - top;
  return Math.max(LEAST, Math.min(MOST, seen - MARGIN));
}

/**
 * Limits the height of a view to the visible part of its surroundings, and passes on the height that is left for its
 * picture, `.hs-body`, which keeps a least height whatever stands around it. Call this once the parts of the view are in it.
 */
export function followRoom(root: HTMLElement, pictureRoom: Signal<number>, signal: AbortSignal): void {
  const around = [...root.querySelectorAll<HTMLElement>(":scope > :not(.hs-body, .hs-table, .hs-ruler)")];
  let sight = 0;
  const measure = () => {
    if (!root.isConnected || root.clientWidth === 0) return;
    const room = roomOf(root, sight);
    const { paddingTop, paddingBottom } = getComputedStyle(root);
    const frame = Number.parseFloat(paddingTop) + Number.parseFloat(paddingBottom) + 2;
    const taken = around.reduce((sum, part) => sum + outerHeight(part), frame);
    const least = Number.isFinite(taken) ? taken + LEAST / 2 : 0;
    root.style.setProperty("--hs-room", `${Math.ceil(Math.max(room, least))}px`);
    if (Number.isFinite(taken)) pictureRoom.value = Math.max(LEAST / 2, Math.floor(room - taken));
  };
  const observer = new ResizeObserver(measure);
  for (const part of [root, ...around]) observer.observe(part);
  let scroller: Element | null = null;
  const follow = () => {
    const found = root.closest(SCROLLERS);
    if (!found || found === scroller) return;
    if (scroller) observer.unobserve(scroller);
    observer.observe(found);
    scroller = found;
  };
  // A view may be built before it is in the page, and its first size tells that it is there.
  const arrival = new ResizeObserver(follow);
  arrival.observe(root);
  window.addEventListener("resize", measure, { signal });
  if (isFramed()) {
    const seen = (height: number) => {
      sight = height;
      measure();
    };
    followVisibleHeight(root, seen, signal);
  }
  signal.addEventListener("abort", () => {
    observer.disconnect();
    arrival.disconnect();
  });
}

function outerHeight(part: HTMLElement): number {
  const { marginTop, marginBottom } = getComputedStyle(part);
  return part.offsetHeight + (Number.parseFloat(marginTop) || 0) + (Number.parseFloat(marginBottom) || 0);
}

/**
 * Keeps a line at the bottom of a view in sight: where the bottom is scrolled out of sight, the line moves up over the
 * picture.
 */
export function floatAtBottom(line: HTMLElement, root: HTMLElement, signal: AbortSignal): void {
  let hidden = 0;
  const place = () => {
    const { top, bottom } = root.getBoundingClientRect();
    const below = Number.parseFloat(getComputedStyle(root).paddingBottom) || 0;
    const out = isScrolledOutside(root) ? hidden : bottom - surroundings(root).bottom;
    const beyond = out - below - 1;
    const isAway = beyond > 0 && beyond < bottom - top - 2 * line.offsetHeight;
    line.style.transform = isAway ? `translateY(${-Math.ceil(beyond)}px)` : "";
    line.toggleAttribute("data-floating", isAway);
  };
  document.addEventListener("scroll", place, { capture: true, passive: true, signal });
  window.addEventListener("resize", place, { signal });
  const observer = new ResizeObserver(place);
  for (const part of [root, line]) observer.observe(part);
  if (isFramed()) {
    const gone = (height: number) => {
      hidden = height;
      place();
    };
    followHiddenBelow(root, gone, signal);
  }
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
}
