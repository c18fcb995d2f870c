import type { MapDescription, SnapshotState, ViewKind } from "../../contract.gen";
import { OPTIONS, VIEWS } from "../../options.gen";
import type { ViewContext } from "./context";
import { optionValues } from "./option-signals";

type Value = string | number | boolean | readonly number[] | null;

/**
 * One line of Python that shows this view in its current state, from a `capture` that has just been made or from the
 * file of the view. It always names the layer, and other options only if they differ from their defaults.
 */
export function pythonCall(view: ViewKind, context: ViewContext): string {
  const values = { ...unlessUsual(optionValues(context)), ...exceptions(view, context) };
  const rows = OPTIONS.filter(({ name, views }) => views.includes(view) && values[name] !== null);
  const keywords = rows.map(({ name }) => `${name}=${python(values[name])}`);
  const capture = context.file ? `hs.load(${pythonString(context.file.value)})` : "capture";
  return `${capture}.${VIEWS[view].call}(${keywords.join(", ")})`;
}

type Values = Readonly<Record<keyof SnapshotState, Value>>;

/** Replaces default values with null. */
function unlessUsual(values: Readonly<SnapshotState>): Values {
  const usual = (value: Value, begins: Value) => JSON.stringify(value) === JSON.stringify(begins);
  const changed = OPTIONS.map((row) => [row.name, usual(values[row.name], row.default) ? null : values[row.name]]);
  return Object.fromEntries(changed);
}

/** Options whose default depends on the capture, or whose value holds more than a call names. */
function exceptions(view: ViewKind, { maps, selection, options }: ViewContext): Partial<Values> {
  const first = maps.value[0];
  const description = maps.value.find(({ name }) => name === selection.map.value) ?? first;
  const numHeads = description?.num_heads[selection.layer.value] ?? 0;
  const all = Math.max(0, ...maps.value.map((map) => map.num_layers));
  return {
    map: description && description !== first ? description.name : null,
    layer: selection.layer.value,
    heads: chosen(selection.heads.value, numHeads),
    open_segments: open(options.aids.openSegments.value, description),
    include_layers: chosen(options.includeLayers.value, all),
    // The explorer always shows a head beside its grid.
    ...(view === "explorer" ? { detail: null } : {}),
  };
}

/** The opened segments that this map has; null if there are none. */
function open(segments: readonly number[], description: MapDescription | undefined): readonly number[] | null {
  const count = Math.max(description?.query_segments.length ?? 0, description?.key_segments.length ?? 0);
  const there = segments.filter((segment) => segment < count).sort((a, b) => a - b);
  return there.length > 0 ? there : null;
}

/** Null if all are chosen. */
function chosen(values: readonly number[] | null, count: number): readonly number[] | null {
  const isAll = values === null || values.length === 0 || values.length >= count;
  return isAll ? null : [...values].sort((a, b) => a - b);
}

function python(value: Value): string {
  if (typeof value === "string") return pythonString(value);
  if (typeof value === "boolean") return value ? "True" : "False";
  return typeof value === "object" && value ? `[${value.join(", ")}]` : String(value);
}

/** A text as a Python literal on one line. Invisible characters are escaped. */
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
