import type { MapDescription } from "../contract.gen";
import { layersAhead } from "../core/async/layers-ahead";
import { withoutComposed } from "../core/composed/composed-map";
import type { ViewContext } from "../core/state/context";

/** A page unpacks its weights ahead of requests if they take at most this much memory. */
const MAX_BYTES = 32 * 1024 * 1024;

/** Unpacks every layer of a small page in idle time, so that switching layers need not wait. */
export async function unpackAhead(
  root: HTMLElement,
  { maps, source, selection }: Pick<ViewContext, "maps" | "source" | "selection">,
): Promise<void> {
  const held = withoutComposed(maps.peek());
  if (held.reduce((sum, map) => sum + bytesOf(map), 0) > MAX_BYTES) return;
  const never = new AbortController().signal;
  do await idle();
  while (!root.matches(SETTLED) && !root.querySelector(SETTLED));
  for (const request of layersAhead(held, selection.map.peek(), selection.layer.peek())) {
    await idle();
    const isThere = request.heads.every((head) => source.peek(request.kind, request.map, request.layer, head));
    try {
      if (!isThere) await source.fetch(request, never);
    } catch {
      // The page need not hold every layer: a view that needs a missing one says so.
    }
  }
}

/** A view that shows an error has nothing more to wait for. */
const SETTLED = '[data-state="ready"], [data-state="error"]';

function bytesOf({ num_heads, query_tokens, key_tokens }: MapDescription): number {
  return num_heads.reduce((sum, count) => sum + count, 0) * query_tokens.length * key_tokens.length * 2;
}

/** Safari has no idle periods. */
function idle(): Promise<void> {
  return new Promise((done) => {
    if (window.requestIdleCallback) window.requestIdleCallback(() => done());
    else setTimeout(done, 50);
  });
}
