import { batch, effect, type Signal, untracked } from "@preact/signals-core";
import type { SnapshotState } from "../contract.gen";
import type { ViewContext } from "../core/state/context";
import { optionValues } from "../core/state/option-signals";
import { validOptions } from "../core/state/option-values";
import { OPTIONS, type OptionGroup, type OptionRow } from "../options.gen";

type Value = SnapshotState[keyof SnapshotState];

/** Stands for null, where a text or a list is expected too. */
const NONE = "none";

/** Writes a hash after this pause, because browsers limit how often a page may do that. */
const REST_MS = 300;

/** The rows of what a link holds. The theme is the reader's, and the layers of a page are fixed. */
const LINKED = OPTIONS.filter(({ name }) => name !== "theme" && name !== "include_layers");

/**
 * What a link says of a view, by option: `#layer=2&heads=1.3`. A page of several views has a prefix for each. Links can
 * be of any origin, so values that no option takes are left out.
 */
export function fromHash(hash: string, prefix: string): Partial<SnapshotState> {
  const fields = new URLSearchParams(hash.replace(/^#/, ""));
  const found = LINKED.flatMap((row) => {
    const text = fields.get(prefix + row.name);
    return text === null ? [] : [[row.name, readValue(row, text)] as const];
  });
  return validOptions(Object.fromEntries(found));
}

function readValue({ kind }: OptionRow, text: string): unknown {
  if (kind === "text" || kind === "choice") return text;
  if (text === NONE) return null;
  if (kind === "positions") return text === "" ? [] : text.split(".").map(Number);
  if (kind === "switch") return text === "true" ? true : text === "false" ? false : text;
  return Number(text);
}

/** The hash of a state: what differs from how the page starts, beside what the hash says of other views. */
export function hashOf(hash: string, prefix: string, state: SnapshotState, start: SnapshotState): string {
  const fields = new URLSearchParams(hash.replace(/^#/, ""));
  for (const { name } of LINKED) {
    const value = state[name];
    if (JSON.stringify(value) === JSON.stringify(start[name])) fields.delete(prefix + name);
    else fields.set(prefix + name, textOf(value));
  }
  const text = fields.toString();
  return text === "" ? "" : `#${text}`;
}

function textOf(value: Value): string {
  if (value === null) return NONE;
  return Array.isArray(value) ? value.join(".") : String(value);
}

/** Keeps the page's hash at what the view shows, and the view at what the reader writes into the hash. */
export function followHash(context: ViewContext, prefix: string, start: SnapshotState): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const write = () => {
    const next = hashOf(
      location.hash,
      prefix,
      untracked(() => optionValues(context)),
      start,
    );
    if (next !== location.hash) history.replaceState(history.state, "", next || location.pathname + location.search);
  };
  effect(() => {
    optionValues(context);
    clearTimeout(timer);
    timer = setTimeout(write, REST_MS);
  });
  addEventListener("hashchange", () => {
    clearTimeout(timer);
    move(context, { ...start, ...fromHash(location.hash, prefix) });
  });
}

function move({ selection, options }: ViewContext, state: SnapshotState): void {
  const groups: Record<OptionGroup, object> = { place: selection, look: options, aid: options.aids };
  batch(() => {
    for (const { name, group, signal } of LINKED) {
      const cell = (groups[group] as Record<string, Signal<Value>>)[signal];
      if (cell) cell.value = state[name];
    }
  });
}
