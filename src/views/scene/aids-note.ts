import type { MapDescription } from "../../contract.gen";
import { formatWeight } from "../../core/look/format";
import type { Aids } from "../../core/state/context";
import { sideLookedFrom } from "../../core/state/side";

/** Describes the effect of the active aids; empty if none is on. */
export function aidsNote(aids: Aids, description: MapDescription | undefined): string {
  const lacks = new Set([
    ...(description?.query_words === null && description.key_words === null ? [WORDS] : []),
    ...(description && !hasSegments(description) ? [SEGMENTS] : []),
  ]);
  return noteParts(aids)
    .filter((part) => !lacks.has(part))
    .join("; ");
}

const WORDS = "words: sum over keys, mean over queries";
const SEGMENTS = "segments: sum over keys, mean over queries";

/** One phrase for each active aid. */
export function noteParts(aids: Aids): string[] {
  const { threshold, topK, hideSpecial, hideSink, sinkShare, exclude, mergeWords, mergeSegments } = aids;
  const [one, several] =
    sideLookedFrom(aids) === "query" ? ["key", "keys"] : ["query of each key", "queries of each key"];
  const parts: string[] = [];
  if (mergeWords.value) parts.push(WORDS);
  if (mergeSegments.value) parts.push(SEGMENTS);
  if (hideSpecial.value) parts.push("without special tokens");
  if (hideSink.value) {
    parts.push(`without keys that gather more than ${formatWeight(sinkShare.value)} of the attention, renormalised`);
  }
  if (exclude.value.length > 0) parts.push(`without ${keyCount(exclude.value.length)}, renormalised`);
  if (topK.value !== null) parts.push(topK.value === 1 ? `strongest ${one}` : `${topK.value} strongest ${several}`);
  if (threshold.value !== null) parts.push(`weights from ${formatWeight(threshold.value)}`);
  return parts;
}

function keyCount(count: number): string {
  return count === 1 ? "an excluded key" : `${count} excluded keys`;
}

export function hasSegments({ query_segments, key_segments }: MapDescription): boolean {
  return query_segments.length + key_segments.length > 0;
}
