import type { MapDescription, Snapshot, SnapshotPart, ViewKind } from "../../contract.gen";
import { VIEWS } from "../../options.gen";
import { withComposed } from "../composed/composed-map";
import { Fields } from "../file/fields";
import { readMapDescription } from "../file/map-description";
import { startOf } from "./view-state";

/** Checks a snapshot, because the contents of a notebook can be of any origin. Throws if it cannot be shown. */
export function readSnapshot(value: unknown): Snapshot {
  const fields = new Fields(value, "The snapshot");
  const saved = fields.list("maps").map((map, index) => readMapDescription(new Fields(map, `Map ${index}`)));
  const maps = [...withComposed(saved)];
  if (maps.length === 0) fields.fail("there is no attention map");
  const view = fields.text("view");
  if (!Object.hasOwn(VIEWS, view)) fields.fail(`there is no view ${view}`);
  const state = new Fields(fields.value("state"), "Its state");
  const layers = maps.map(({ num_layers }) => num_layers);
  return {
    view: view as ViewKind,
    name: fields.text("name"),
    state: {
      ...startOf(maps, fields.value("state")),
      include_layers: state.counts("include_layers", 0, Math.max(...layers) - 1),
    },
    maps,
    parts: fields.list("parts").map((part, index) => readPart(new Fields(part, `Part ${index}`), maps)),
    limit: fields.count("limit"),
    drawn_by: fields.text("drawn_by") === "page" ? "page" : "kernel",
  };
}

function readPart(fields: Fields, maps: readonly MapDescription[]): SnapshotPart {
  const [kind, name] = [fields.text("kind"), fields.text("map")];
  if (kind !== "block" && kind !== "overview" && kind !== "vectors") return fields.fail(`its kind is ${kind}`);
  const description = maps.find((map) => map.name === name) ?? fields.fail(`there is no attention map ${name}`);
  const layer = fields.count("layer", 0, description.num_layers - 1);
  const heads = fields.counts("heads", 0, (description.num_heads[layer] as number) - 1);
  return { kind, map: name, layer, heads, data: fields.text("data") };
}

/** The layers of a map for which a snapshot holds weights, of all heads or of some. */
export function heldLayers({ parts }: Snapshot, map: string): number[] {
  const layers = parts.filter((part) => part.kind === "block" && part.map === map).map(({ layer }) => layer);
  return [...new Set(layers)].sort((a, b) => a - b);
}

/** Says which layers of a map a snapshot holds; empty if it holds every layer. */
export function holdingOf(snapshot: Snapshot, map: string): string {
  const description = snapshot.maps.find(({ name }) => name === map);
  const held = heldLayers(snapshot, map);
  if (!description || held.length === description.num_layers) return "";
  if (held.length === 0) return "the overview alone";
  return `${held.length === 1 ? "layer" : "layers"} ${ranges(held)} of ${description.num_layers}`;
}

/** Ascending numbers, with runs as ranges: "0, 3–5". */
function ranges(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const one of numbers) {
    const last = runs.at(-1);
    if (last && last[1] === one - 1) last[1] = one;
    else runs.push([one, one]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(", ");
}
