import { LONG_TOKENS } from "../contract.gen";
import type { Aids } from "../core/context";

/** Says which aids are on that can't act on tiles; empty where none is. */
export function idleAids({ topK, hideSpecial, hideSink, mergeWords, mergeSegments }: Aids): string {
  const idle = [
    mergeSegments.value ? "segments" : "",
    mergeWords.value ? "words" : "",
    hideSpecial.value ? "hidden special tokens" : "",
    hideSink.value ? "a hidden first key" : "",
    topK.value !== null ? "strongest keys" : "",
  ].filter(Boolean);
  if (idle.length === 0) return "";
  const [last, ...others] = idle.reverse();
  const list =
    others.length > 0
      ? `${others.reverse().join(", ")} and ${last} do`
      : `${last} do${last?.startsWith("a ") ? "es" : ""}`;
  return `Heat maps of more than ${LONG_TOKENS} tokens show every token: ${list} not act here.`;
}
