import type { AnyModel } from "@anywidget/types";
import { type BlockRequest, PREFETCH_BYTES, type StoreTraits } from "../contract.gen";
import type { KernelSource } from "../sources/kernel";
import { mapsOf } from "../sources/maps";

/** Brings every layer of a small capture into the page's memory, nearest first, so that switching needs no kernel. */
export async function prefetchAll(
  model: AnyModel<StoreTraits>,
  source: KernelSource,
  signal: AbortSignal,
): Promise<void> {
  if (model.get("total_bytes") > PREFETCH_BYTES) return;
  for (const request of requests(model)) {
    try {
      await source.prefetch(request, signal);
    } catch {
      // A view that needs these weights asks again and shows what is wrong.
      return;
    }
  }
}

function requests(model: AnyModel<StoreTraits>): BlockRequest[] {
  const [shown, here] = [model.get("map"), model.get("layer")];
  const distance = ({ map, layer }: BlockRequest) => (map === shown ? 0 : 1000) + Math.abs(layer - here);
  return mapsOf(model)
    .flatMap(({ name, num_heads }) =>
      num_heads.map((count, layer) => ({ kind: "block" as const, map: name, layer, heads: [...Array(count).keys()] })),
    )
    .sort((a, b) => distance(a) - distance(b));
}
