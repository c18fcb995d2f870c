import { type ReadonlySignal, signal } from "@preact/signals-core";
import type { MapDescription, ViewTraits } from "../../contract.gen";
import { DEFAULTS } from "../../options.gen";
import type { WritableSignal } from "../async/map-signal";
import type { ViewOptions } from "./context";
import { listedLayers } from "./listed-layers";
import { viewSignals } from "./option-signals";

/** The options of a view without a widget, as signals of its own. Options that are not given have their defaults. */
export function localOptions(
  given: Partial<ViewTraits>,
  maps: ReadonlySignal<readonly MapDescription[]>,
  map: Pick<WritableSignal<string>, "value">,
): ViewOptions {
  const values = { ...DEFAULTS, ...given };
  const own = viewSignals((name) => signal(values[name] ?? DEFAULTS[name]));
  return { ...own, includeLayers: listedLayers(own.includeLayers, maps, map) };
}
