import type { AnyModel } from "@anywidget/types";
import { PREFETCH_BYTES, type StoreTraits } from "../contract.gen";
import { layersAhead } from "../core/async/layers-ahead";
import { withoutComposed } from "../core/composed/composed-map";
import type { KernelSource } from "../sources/kernel/kernel";
import { mapsOf } from "../sources/kernel/maps";

/**
 * Loads every layer of a small capture into the page's memory, nearest first, so that switching layers needs no kernel.
 */
export async function prefetchAll(
  model: AnyModel<StoreTraits>,
  source: KernelSource,
  signal: AbortSignal,
): Promise<void> {
  if (model.get("total_bytes") > PREFETCH_BYTES) return;
  for (const request of layersAhead(withoutComposed(mapsOf(model)), model.get("map"), model.get("layer"))) {
    try {
      await source.prefetch(request, signal);
    } catch {
      // A view that needs these weights requests them again and shows the error.
      return;
    }
  }
}
