import type { MapInfo, Segment } from "../contract.gen";
import { Fields } from "./file-fields";
import { MOST_HEADS } from "./file-record";

/**
 * Checks what is said of an attention map. Throws a sentence for people. Keys of which nothing is said are the queries:
 * see `thinned`.
 */
export function readMapInfo(fields: Fields): MapInfo {
  const key = fields.has("key_tokens") ? "key" : "query";
  const [queryTokens, keyTokens] = [tokens(fields, "query_tokens"), tokens(fields, `${key}_tokens`)];
  const [numQueries, numKeys] = [queryTokens.length, keyTokens.length];
  const numLayers = fields.count("num_layers", 1);
  const numHeads = fields.counts("num_heads", 1);
  if (numHeads.length !== numLayers) fields.fail(`num_heads has ${numHeads.length} numbers for ${numLayers} layers`);
  const all = numHeads.reduce((sum, count) => sum + count, 0);
  if (all > MOST_HEADS) fields.fail(`there are ${all} heads, more than any model has`);
  const noVectors = fields.texts("no_vectors");
  if (noVectors.length !== numLayers) fields.fail(`there are ${noVectors.length} no_vectors for ${numLayers} layers`);
  return {
    name: fields.text("name"),
    label: fields.text("label"),
    num_layers: numLayers,
    num_heads: numHeads,
    query_tokens: queryTokens,
    key_tokens: keyTokens,
    query_special: fields.counts("query_special", 0, numQueries - 1),
    key_special: fields.counts(`${key}_special`, 0, numKeys - 1),
    query_words: words(fields, "query_words", numQueries),
    key_words: words(fields, `${key}_words`, numKeys),
    query_segments: segments(fields, "query_segments", numQueries),
    key_segments: segments(fields, `${key}_segments`, numKeys),
    sentence_b_start: fields.optional("sentence_b_start", () => fields.count("sentence_b_start", 0, numQueries)),
    no_vectors: noVectors,
  };
}

const SIDE = ["tokens", "special", "words", "segments"] as const;

/** What is said of a map without the fields for keys, where these are the queries: in a notebook they would be twice. */
export function thinned(info: MapInfo): MapInfo {
  if (SIDE.some((part) => JSON.stringify(info[`key_${part}`]) !== JSON.stringify(info[`query_${part}`]))) return info;
  const keys: readonly string[] = SIDE.map((part) => `key_${part}`);
  return Object.fromEntries(Object.entries(info).filter(([name]) => !keys.includes(name))) as unknown as MapInfo;
}

function tokens(fields: Fields, name: string): string[] {
  const found = fields.texts(name);
  return found.length > 0 ? found : fields.fail(`${name} is empty`);
}

function words(fields: Fields, name: string, size: number): number[] | null {
  return fields.optional(name, () => {
    const found = fields.counts(name, Number.MIN_SAFE_INTEGER);
    return found.length === size ? found : fields.fail(`${name} has ${found.length} numbers for ${size} tokens`);
  });
}

/** Files that are older than segments have none. */
function segments(fields: Fields, name: string, size: number): Segment[] {
  if (!fields.has(name)) return [];
  let before = 0;
  return fields.list(name).map((value, index) => {
    const segment = new Fields(value, `${fields.where}, ${name} ${index}`);
    const start = segment.count("start", before, size - 1);
    before = segment.count("stop", start + 1, size);
    return { name: segment.text("name"), start, stop: before };
  });
}
