import type { ColorMap, ColorScale, MapInfo, PairFilter, Theme, ViewKind, ViewTraits } from "../contract.gen";
import type { Status } from "./context";
import type { Edition } from "./front-end";

/** Where a capture's views look: plain values of what `Selection` holds as signals. */
export interface Place {
  readonly map: string;
  readonly layer: number;
  readonly heads: readonly number[] | null;
  readonly query: number | null;
  readonly key: number | null;
  readonly pair: PairFilter;
}

export type LocalOptions = Partial<Omit<ViewTraits, "store" | "view">>;

/**
 * A capture that lives on this page. JupyterLab's extension and each Store have copies of this code of their own, and
 * may be of different versions: what they tell each other is plain values and functions.
 */
export interface LiveCapture {
  /** The Headscope of its kernel; left out by those that did not tell yet. */
  readonly edition?: Edition;
  name(): string;
  maps(): readonly MapInfo[];
  status(): Status;
  place(): Place;
  /** Moves every view of the capture, and Python's selection. */
  move(changes: Partial<Place>): void;
  /** Calls `changed` now and whenever any of the above is another, until `signal` aborts. */
  follow(changed: () => void, signal: AbortSignal): void;
  /** Draws a view with options of its own into `el` until `signal` aborts. */
  draw(kind: ViewKind, el: HTMLElement, signal: AbortSignal, options?: LocalOptions): void;
}

/** A view that is on this page. */
export interface LiveView {
  readonly root: HTMLElement;
  readonly kind: ViewKind;
  readonly capture: LiveCapture;
  /** Gives the reader a file of what the view shows, and resolves to its name. */
  save(format: "svg" | "png" | "html"): Promise<string>;
  /** Moves to the next (1) or the previous (-1) of the layers that the view lists; false where there is none. */
  stepLayer(step: 1 | -1): boolean;
  /** The line of Python that makes the view what it is now. */
  python(): string;
}

/** What a reader's settings say of views. */
export interface ReaderSettings {
  readonly theme: Theme;
  readonly scale: ColorScale;
  readonly colorMap: ColorMap;
  readonly threshold: number | null;
  /** How much of a capture's weights a page keeps in memory. */
  readonly cacheBytes: number;
  /** Whether views are answered while a cell runs, where the front end and the kernel can do that. */
  readonly subshells: boolean;
  /** What a capture is opened as where nothing else is said. */
  readonly defaultView: ViewKind;
}

export const USUAL_SETTINGS: ReaderSettings = {
  theme: "auto",
  scale: "linear",
  colorMap: "viridis",
  threshold: null,
  cacheBytes: 64 * 1024 * 1024,
  subshells: true,
  defaultView: "explorer",
};

interface Registry {
  readonly captures: Set<LiveCapture>;
  readonly views: Set<LiveView>;
  readonly changes: EventTarget;
  settings: Partial<ReaderSettings>;
}

/** One for the page, whichever copy of this code comes first. What it holds is as the version in its name says. */
const REGISTRY = Symbol.for("headscope.registry.v1");

function registry(): Registry {
  const page = globalThis as { [REGISTRY]?: Registry };
  page[REGISTRY] ??= { captures: new Set(), views: new Set(), changes: new EventTarget(), settings: {} };
  return page[REGISTRY];
}

export function liveCaptures(): readonly LiveCapture[] {
  return [...registry().captures];
}

export function liveViews(): readonly LiveView[] {
  return [...registry().views];
}

/** Lists a capture until `signal` aborts. */
export function announceCapture(capture: LiveCapture, signal: AbortSignal): void {
  announce(registry().captures, capture, signal);
}

/** Lists a view until `signal` aborts. */
export function announceView(view: LiveView, signal: AbortSignal): void {
  announce(registry().views, view, signal);
}

function announce<T>(list: Set<T>, one: T, signal: AbortSignal): void {
  if (signal.aborted) return;
  list.add(one);
  tell("list");
  const leave = () => {
    list.delete(one);
    tell("list");
  };
  signal.addEventListener("abort", leave, { once: true });
}

function tell(what: "list" | "settings"): void {
  registry().changes.dispatchEvent(new Event(what));
}

/** Calls `changed` whenever a capture or a view comes or goes, until `signal` aborts. */
export function followLive(changed: () => void, signal: AbortSignal): void {
  registry().changes.addEventListener("list", changed, { signal });
}

export function readerSettings(): ReaderSettings {
  return { ...USUAL_SETTINGS, ...registry().settings };
}

/** Settings for every view of the page, now and later. */
export function setReaderSettings(settings: Partial<ReaderSettings>): void {
  registry().settings = settings;
  tell("settings");
}

/** Calls `changed` with the settings, now and whenever they are others, until `signal` aborts. */
export function followSettings(changed: (settings: ReaderSettings) => void, signal: AbortSignal): void {
  if (signal.aborted) return;
  registry().changes.addEventListener("settings", () => changed(readerSettings()), { signal });
  changed(readerSettings());
}
