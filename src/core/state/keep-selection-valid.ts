import { batch, effect } from "@preact/signals-core";
import type { ViewContext } from "./context";

/** Drops layers, heads and pinned positions that a newly chosen attention map does not have. */
export function keepSelectionValid({ maps, selection }: ViewContext, signal: AbortSignal): void {
  const stop = effect(() => {
    const description = maps.value.find(({ name }) => name === selection.map.value);
    if (!description) return;
    batch(() => {
      if (selection.layer.value >= description.num_layers) selection.layer.value = description.num_layers - 1;
      const most = Math.max(...description.num_heads);
      if (selection.heads.value?.some((head) => head >= most)) selection.heads.value = null;
      if ((selection.query.value ?? 0) >= description.query_tokens.length) selection.query.value = null;
      if ((selection.key.value ?? 0) >= description.key_tokens.length) selection.key.value = null;
    });
  });
  signal.addEventListener("abort", stop);
}
