import type { AnyModel } from "@anywidget/types";
import { PREFETCH_BYTES, type StoreTraits } from "../contract.gen";
import { layersAhead } from "../core/ahead";
import type { KernelSource } from "../sources/kernel";
import { mapsOf } from "../sources/maps";

/** Brings every layer of a small capture into the page's memory, nearest first, so that switching needs no kernel. */
export async function prefetchAll(
  model: AnyModel<StoreTraits>,
  source: KernelSource,
  signal: AbortSignal,
): Promise<void> {
  if (model.get("total_bytes") > PREFETCH_BYTES) return;
  for (const request of layersAhead(mapsOf(model), model.get("map"), model.get("layer"))) {
    try {
      await source.prefetch(request, signal);
    } catch {
      // A view that needs these weights asks again and shows what is wrong.
      return;
    }
  }
}
