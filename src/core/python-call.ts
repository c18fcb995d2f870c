import type { MapInfo, ViewKind } from "../contract.gen";
import type { ViewContext } from "./context";

type Value = string | number | boolean | readonly number[] | null;

/** Options that not every view takes. `headscope.options` is Python's side of this. */
const GRID: readonly ViewKind[] = ["model", "explorer"];
const SCALED: readonly ViewKind[] = ["matrix", "text", "explorer"];
const COMBINED: readonly ViewKind[] = ["matrix", "explorer"];

/**
 * One line of Python that shows this view, as it is now, of a `capture` that has just been made, or of the file that
 * it comes from. The layer is always named; everything else only where it is not what the view begins with.
 */
export function pythonCall(view: ViewKind, context: ViewContext): string {
  const given = Object.entries(optionsOf(view, context)).filter(([, value]) => value !== null);
  const call = view === "explorer" ? view : `${view}_view`;
  const capture = context.file ? `hs.load(${pythonString(context.file.value)})` : "capture";
  return `${capture}.${call}(${given.map(([name, value]) => `${name}=${python(value)}`).join(", ")})`;
}

/** What the view is shown with, by the names of Python; null for what it begins with. */
function optionsOf(view: ViewKind, { maps, selection, options }: ViewContext): Record<string, Value> {
  const { aids } = options;
  const first = maps.value[0];
  const info = maps.value.find(({ name }) => name === selection.map.value) ?? first;
  const numHeads = info?.num_heads[selection.layer.value] ?? 0;
  const all = Math.max(0, ...maps.value.map((map) => map.num_layers));
  const only = <T>(views: readonly ViewKind[], value: T) => (views.includes(view) ? value : null);
  return {
    map: unless(first?.name ?? "", info?.name ?? ""),
    layer: selection.layer.value,
    heads: chosen(selection.heads.value, numHeads),
    query: selection.query.value,
    key: selection.key.value,
    pair: unless("all", selection.pair.value),
    threshold: aids.threshold.value,
    top_k: aids.topK.value,
    hide_special: unless(false, aids.hideSpecial.value),
    hide_sink: unless(false, aids.hideSink.value),
    merge_words: unless(false, aids.mergeWords.value),
    merge_segments: unless(false, aids.mergeSegments.value),
    open_segments: open(aids.openSegments.value, info),
    direction: unless("out", aids.direction.value),
    search: unless("", aids.search.value),
    scale: only(SCALED, unless("linear", options.scale.value)),
    color_map: only(SCALED, unless("viridis", options.colorMap.value)),
    combine: only(COMBINED, unless("each", options.combine.value)),
    pool: only(COMBINED, unless("max", options.pool.value)),
    tab: view === "explorer" ? unless("heads", options.tab.value) : null,
    detail: view === "model" ? unless(false, options.detail.value) : null,
    include_heads: only(GRID, options.includeHeads.value),
    include_layers: chosen(options.includeLayers.value, all),
    theme: unless("auto", options.theme.value),
  };
}

function unless<T extends Value>(usual: T, value: T): T | null {
  return value === usual ? null : value;
}

/** Those of the opened segments that this map has; null for none. */
function open(segments: readonly number[], info: MapInfo | undefined): readonly number[] | null {
  const count = Math.max(info?.query_segments.length ?? 0, info?.key_segments.length ?? 0);
  const there = segments.filter((segment) => segment < count).sort((a, b) => a - b);
  return there.length > 0 ? there : null;
}

/** Null for all of them. */
function chosen(values: readonly number[] | null, count: number): readonly number[] | null {
  const isAll = values === null || values.length === 0 || values.length >= count;
  return isAll ? null : [...values].sort((a, b) => a - b);
}

function python(value: Value): string {
  if (typeof value === "string") return pythonString(value);
  if (typeof value === "boolean") return value ? "True" : "False";
  return typeof value === "object" && value ? `[${value.join(", ")}]` : String(value);
}

/** A text as a literal of one line, in which everything can be seen: what can't be is written as its number. */
export function pythonString(text: string): string {
  return `"${text.replace(/["\\]|[^\P{C} ]|[^\P{Z} ]/gu, escaped)}"`;
}

function escaped(letter: string): string {
  if (letter === '"' || letter === "\\") return `\\${letter}`;
  if (letter === "\n") return "\\n";
  if (letter === "\t") return "\\t";
  const code = letter.codePointAt(0) as number;
  const digits = code.toString(16);
  return code > 0xffff ? `\\U${digits.padStart(8, "0")}` : `\\u${digits.padStart(4, "0")}`;
}
