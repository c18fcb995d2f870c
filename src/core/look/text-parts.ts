import type { MapDescription } from "../../contract.gen";
import type { Axis } from "../reduce/axis";
import type { Side } from "../state/side";

/** A named part of a text, from one position or row to another: a sentence, a message, the prompt. */
export interface TextPart {
  readonly name: string;
  readonly start: number;
  readonly stop: number;
}

/** More parts are too small to be told apart. */
const MOST = 24;

/** The named parts of a side's text, in order: the sentences of a pair, or the segments of the capture. */
export function textParts(map: MapDescription, side: Side): readonly TextPart[] {
  const count = (side === "query" ? map.query_tokens : map.key_tokens).length;
  const start = map.sentence_b_start;
  if (start !== null && start > 0 && start < count) {
    return [
      { name: "Sentence A", start: 0, stop: start },
      { name: "Sentence B", start, stop: count },
    ];
  }
  const segments = side === "query" ? map.query_segments : map.key_segments;
  const [first, ...others] = segments;
  // What a model wrote is a segment; what it was given, if nobody has named its parts, is the rest.
  if (first?.name === "generated" && others.length === 0 && first.start > 0) {
    return [{ name: "prompt", start: 0, stop: first.start }, first];
  }
  return segments.length > MOST ? [] : segments;
}

/** The parts as rows of an axis; without those that are hidden, or shown as a single row of their name. */
export function partRows(parts: readonly TextPart[], { groups, names, visibleRows }: Axis): readonly TextPart[] {
  const rows: TextPart[] = [];
  for (const { name, start, stop } of parts) {
    const isIn = (row: number) => {
      const at = groups[row]?.[0] as number;
      return at >= start && at < stop && !names.has(row);
    };
    let [first, end] = [visibleRows[0], visibleRows[1]];
    while (first < end && !isIn(first)) first++;
    while (end > first && !isIn(end - 1)) end--;
    if (end > first) rows.push({ name, start: first, stop: end });
  }
  return rows;
}

/** Every how many positions a number is written, so that there are about ten: 1, 2, 5, 10, 20, ... */
export function positionStep(rows: number): number {
  for (let unit = 1; ; unit *= 10) {
    for (const step of [unit, 2 * unit, 5 * unit]) if (rows / step <= 10) return step;
  }
}
