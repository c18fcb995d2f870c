import type { MapInfo, PairFilter } from "../contract.gen";

type Range = [number, number];

/** The half-open ranges of positions that a sentence-pair filter shows. */
export function pairRanges(info: MapInfo, pair: PairFilter): { queries: Range; keys: Range } {
  const start = info.sentence_b_start;
  const range = (sentence: string | undefined, count: number): Range => {
    if (pair === "all" || start === null) return [0, count];
    return sentence === "a" ? [0, Math.min(start, count)] : [Math.min(start, count), count];
  };
  return { queries: range(pair[0], info.query_tokens.length), keys: range(pair[1], info.key_tokens.length) };
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
  ["aa", "Sentence A → Sentence A"],
  ["bb", "Sentence B → Sentence B"],
  ["ab", "Sentence A → Sentence B"],
  ["ba", "Sentence B → Sentence A"],
];

/** The entries of the "Attention" control. With one entry there is nothing to choose and no control. */
export function attentionOptions(maps: readonly MapInfo[]): AttentionOption[] {
  return maps.flatMap((info) => {
    const pairs = info.sentence_b_start === null ? PAIRS.slice(0, 1) : PAIRS;
    return pairs.map(([pair, label]) => ({
      value: attentionValue(info.name, pair),
      label: maps.length === 1 ? label : pair === "all" ? info.label : `${info.label}: ${label}`,
      map: info.name,
      pair,
    }));
  });
}

/** The `value` of the entry for a map and a pair filter. */
export function attentionValue(map: string, pair: PairFilter): string {
  return `${map}:${pair}`;
}
