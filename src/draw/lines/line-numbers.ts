import type { TokenLayout } from "../../core/look/token-layout";
import { curveAt } from "./curve";
import type { DrawnHead } from "./plan";
import type { Ends, LineStrength } from "./strength";

/** Where the number of a head stands on its strongest line. */
export interface LineNumber<H extends DrawnHead> {
  readonly one: H;
  /** The middle of the number, in CSS pixels. */
  readonly x: number;
  readonly y: number;
}

/** The size of a number with its ground, and the most numbers of one picture. */
const [WIDTH, HEIGHT, MOST] = [17, 13, 16];
/** Where numbers of lines of all tokens stand, by turns, as parts of the width. */
const MIDDLES = [0.5, 0.3, 0.7, 0.4, 0.6, 0.25, 0.75];
/** Fainter lines get no number. */
const FAINTEST = 0.06;

/**
 * Numbers the strongest line of each of several heads; of many heads, the strongest ones alone. The lines of one query
 * have their numbers near the keys, where they are apart, those of one key near the queries, and all others around the
 * middle. No number covers another.
 */
export function lineNumbers<H extends DrawnHead>(
  { heads, ...strength }: LineStrength<H>,
  layout: TokenLayout,
  width: number,
  ends: Ends,
): readonly LineNumber<H>[] {
  if (heads.length < 2) return [];
  const factor = strength.factor(ends);
  const strongest = heads
    .map((one) => ({ one, ...strongestLine(one, layout, ends) }))
    .filter(({ strength }) => strength * factor >= FAINTEST)
    .sort((a, b) => b.strength - a.strength)
    .slice(0, MOST);
  const placed: LineNumber<H>[] = [];
  for (const [index, { one, query, key }] of strongest.entries()) {
    const [from, to] = [layout.queryY[query] as number, layout.keyY[key] as number];
    for (const x of candidates(width, ends, index)) {
      const y = from + curveAt(x, { ...layout, left: 0, right: width }).fraction * (to - from);
      const isFree = placed.every((other) => Math.abs(other.x - x) >= WIDTH || Math.abs(other.y - y) >= HEIGHT);
      if (!isFree) continue;
      placed.push({ one, x, y });
      break;
    }
  }
  return placed;
}

function strongestLine({ weights: { codes, table, numKeys } }: DrawnHead, { queryY, keyY }: TokenLayout, ends: Ends) {
  let best = { strength: 0, query: 0, key: 0 };
  for (let query = ends.query ?? 0; query < (ends.query === null ? queryY.length : ends.query + 1); query++) {
    if (Number.isNaN(queryY[query])) continue;
    for (let key = ends.key ?? 0; key < (ends.key === null ? keyY.length : ends.key + 1); key++) {
      const strength = table[codes[query * numKeys + key] as number] as number;
      if (strength > best.strength && !Number.isNaN(keyY[key])) best = { strength, query, key };
    }
  }
  return best;
}

/** The places along a line, the best first. */
function candidates(width: number, { query, key }: Ends, index: number): number[] {
  const steps = Array.from({ length: Math.max(1, Math.floor(width / (WIDTH + 1)) - 1) }, (_, at) => at);
  const along = steps.map((step) => WIDTH / 2 + 3 + step * (WIDTH + 1));
  if (query !== null && key === null) return along.map((x) => width - x);
  if (key !== null && query === null) return along;
  const wished = width * (MIDDLES[index % MIDDLES.length] as number);
  return along.sort((a, b) => Math.abs(a - wished) - Math.abs(b - wished));
}
