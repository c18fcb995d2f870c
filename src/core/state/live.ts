import type { MapDescription, ViewKind, ViewTraits } from "../../contract.gen";
import { DEFAULTS, OPTIONS, type OptionSettings, type PlaceSignals } from "../../options.gen";
import type { Status } from "./context";
import type { Edition } from "./front-end";

/** The selection of a capture's views: the plain values of the signals in `Selection`. */
export type SelectionValues = { readonly [K in keyof PlaceSignals]: PlaceSignals[K]["value"] };

export type LocalOptions = Partial<Omit<ViewTraits, "store" | "view">>;

/**
 * A capture on this page. JupyterLab's extension and each Store have their own copies of this code, perhaps of
 * different versions, so they exchange only plain values and functions.
 */
export interface LiveCapture {
  /** The edition of the kernel's Headscope; absent in versions that did not report it yet. */
  readonly edition?: Edition;
  name(): string;
  maps(): readonly MapDescription[];
  status(): Status;
  place(): SelectionValues;
  /** Changes the selection in every view of the capture and in Python. */
  move(changes: Partial<SelectionValues>): void;
  /** Calls `changed` now and whenever any of the above changes, until `signal` aborts. */
  follow(changed: () => void, signal: AbortSignal): void;
  /** Draws a view with its own options into `el` until `signal` aborts. */
  draw(kind: ViewKind, el: HTMLElement, signal: AbortSignal, options?: LocalOptions): void;
}

/** A view on this page. */
export interface LiveView {
  readonly root: HTMLElement;
  readonly kind: ViewKind;
  readonly capture: LiveCapture;
  /** Downloads what the view shows as a file, and resolves to the file's name. */
  save(format: "svg" | "png" | "html"): Promise<string>;
  /** Moves to the next (1) or the previous (-1) layer that the view lists; false if there is none. */
  stepLayer(step: 1 | -1): boolean;
  /** The line of Python that reproduces the view. */
  python(): string;
}

/** The reader's settings for views. */
export interface UserSettings extends OptionSettings {
  /** How many bytes of a capture's weights a page caches. */
  readonly cacheBytes: number;
  /** Whether views get answers while a cell runs, if the front end and the kernel support that. */
  readonly subshells: boolean;
  /** The view that opens a capture by default. */
  readonly defaultView: ViewKind;
}

/** The options that settings decide. */
export const SETTING_OPTIONS = OPTIONS.filter((row) => row.setting !== undefined);

const USUAL_OPTIONS = Object.fromEntries(SETTING_OPTIONS.map(({ name, signal }) => [signal, DEFAULTS[name]]));

export const DEFAULT_SETTINGS: UserSettings = {
  ...(USUAL_OPTIONS as unknown as OptionSettings),
  cacheBytes: 64 * 1024 * 1024,
  subshells: true,
  defaultView: "explorer",
};

interface Registry {
  readonly captures: Set<LiveCapture>;
  readonly views: Set<LiveView>;
  readonly changes: EventTarget;
  settings: Partial<UserSettings>;
}

/**
 * One registry per page, made by the first copy of this code. The version in its name fixes the layout of its contents.
 */
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
  notify("list");
  const leave = () => {
    list.delete(one);
    notify("list");
  };
  signal.addEventListener("abort", leave, { once: true });
}

function notify(what: "list" | "settings"): void {
  registry().changes.dispatchEvent(new Event(what));
}

/** Calls `changed` whenever a capture or a view is added or removed, until `signal` aborts. */
export function followLive(changed: () => void, signal: AbortSignal): void {
  registry().changes.addEventListener("list", changed, { signal });
}

export function userSettings(): UserSettings {
  return { ...DEFAULT_SETTINGS, ...registry().settings };
}

/** Sets the settings of every view of the page, present and future. */
export function setUserSettings(settings: Partial<UserSettings>): void {
  registry().settings = settings;
  notify("settings");
}

/** Calls `changed` with the settings, now and whenever they change, until `signal` aborts. */
export function followSettings(changed: (settings: UserSettings) => void, signal: AbortSignal): void {
  if (signal.aborted) return;
  registry().changes.addEventListener("settings", () => changed(userSettings()), { signal });
  changed(userSettings());
}
