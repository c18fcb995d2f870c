import { batch, effect } from "@preact/signals-core";
import type { ViewContext } from "./context";

/** Lets go of what a newly chosen attention map does not have: layers, heads and pinned positions differ by map. */
export function keepSelectionValid({ maps, selection }: ViewContext, signal: AbortSignal): void {
  const stop = effect(() => {
    const info = maps.value.find(({ name }) => name === selection.map.value);
    if (!info) return;
    batch(() => {
      if (selection.layer.value >= info.num_layers) selection.layer.value = info.num_layers - 1;
      const most = Math.max(...info.num_heads);
      if (selection.heads.value?.some((head) => head >= most)) selection.heads.value = null;
      if ((selection.query.value ?? 0) >= info.query_tokens.length) selection.query.value = null;
      if ((selection.key.value ?? 0) >= info.key_tokens.length) selection.key.value = null;
    });
  });
  signal.addEventListener("abort", stop);
}
