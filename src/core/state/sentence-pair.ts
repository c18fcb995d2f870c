import type { MapDescription, PairFilter } from "../../contract.gen";

type SentenceRange = [number, number];

/** The half-open ranges of positions that a sentence-pair filter shows. */
export function pairRanges(
  description: MapDescription,
  pair: PairFilter,
): { queries: SentenceRange; keys: SentenceRange } {
  const start = description.sentence_b_start;
  const range = (sentence: string | undefined, count: number): SentenceRange => {
    if (pair === "all" || start === null) return [0, count];
    return sentence === "a" ? [0, Math.min(start, count)] : [Math.min(start, count), count];
  };
  return {
    queries: range(pair[0], description.query_tokens.length),
    keys: range(pair[1], description.key_tokens.length),
  };
}

/** An entry of the "Attention" control. */
export interface AttentionOption {
  /** Unique among the entries. */
  readonly value: string;
  readonly label: string;
  readonly map: string;
  readonly pair: PairFilter;
}

const PAIRS: readonly (readonly [PairFilter, string])[] = [
  ["all", "All"],
  ["aa", "A → A"],
  ["bb", "B → B"],
  ["ab", "A → B"],
  ["ba", "B → A"],
];

/** The entries of the "Attention" control. If there is only one entry, the control is not shown. */
export function attentionOptions(maps: readonly MapDescription[]): AttentionOption[] {
  return maps.flatMap((description) => {
    const pairs = description.sentence_b_start === null ? PAIRS.slice(0, 1) : PAIRS;
    return pairs.map(([pair, label]) => ({
      value: attentionValue(description.name, pair),
      label: maps.length === 1 ? label : pair === "all" ? description.label : `${description.label}: ${label}`,
      map: description.name,
      pair,
    }));
  });
}

/** The `value` of the entry for a map and a pair filter. */
export function attentionValue(map: string, pair: PairFilter): string {
  return `${map}:${pair}`;
}
