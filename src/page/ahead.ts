import type { MapInfo } from "../contract.gen";
import { layersAhead } from "../core/ahead";
import type { ViewContext } from "../core/context";

/** A page whose weights take no more than this, unpacked, unpacks them before they are asked for. */
const MOST_BYTES = 32 * 1024 * 1024;

/** Unpacks every layer of a small page while nothing else is to do, so that a switch need not wait for it. */
export async function unpackAhead(
  root: HTMLElement,
  { maps, source, selection }: Pick<ViewContext, "maps" | "source" | "selection">,
): Promise<void> {
  if (maps.peek().reduce((sum, map) => sum + bytesOf(map), 0) > MOST_BYTES) return;
  const never = new AbortController().signal;
  do await idle();
  while (!root.matches(SETTLED) && !root.querySelector(SETTLED));
  for (const request of layersAhead(maps.peek(), selection.map.peek(), selection.layer.peek())) {
    await idle();
    const isThere = request.heads.every((head) => source.peek(request.kind, request.map, request.layer, head));
    try {
      if (!isThere) await source.fetch(request, never);
    } catch {
      // The page need not hold every layer: whoever wants one that is not there is told.
    }
  }
}

/** A view that shows an error waits for nothing either. */
const SETTLED = '[data-state="ready"], [data-state="error"]';

function bytesOf({ num_heads, query_tokens, key_tokens }: MapInfo): number {
  return num_heads.reduce((sum, count) => sum + count, 0) * query_tokens.length * key_tokens.length * 2;
}

/** Safari has no idle periods. */
function idle(): Promise<void> {
  return new Promise((done) => {
    if (window.requestIdleCallback) window.requestIdleCallback(() => done());
    else setTimeout(done, 50);
  });
}
