import type { MapDescription, MapOrigin, Segment } from "../../contract.gen";
import { Fields } from "./fields";
import { MAX_HEADS } from "./layer-record";
import { readNotes } from "./notes";
import { readPredictions } from "./predictions";

/**
 * Checks the description of an attention map. Throws an error with a message for users. If the description has no
 * fields for keys, the keys are the queries: see `withoutKeyFields`.
 */
export function readMapDescription(fields: Fields): MapDescription {
  const key = fields.has("key_tokens") ? "key" : "query";
  const [queryTokens, keyTokens] = [tokens(fields, "query_tokens"), tokens(fields, `${key}_tokens`)];
  const [numQueries, numKeys] = [queryTokens.length, keyTokens.length];
  const numLayers = fields.count("num_layers", 1);
  const numHeads = fields.counts("num_heads", 1);
  if (numHeads.length !== numLayers) fields.fail(`num_heads has ${numHeads.length} numbers for ${numLayers} layers`);
  const all = numHeads.reduce((sum, count) => sum + count, 0);
  if (all > MAX_HEADS) fields.fail(`there are ${all} heads, more than any model has`);
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
    ...readOrigin(fields, numLayers),
    ...readPredictions(fields, numQueries),
    ...readNotes(fields, numHeads),
  };
}

/** Reads where layers come from, as descriptions and reports say it. Lists of another length are not of these layers. */
export function readOrigin(fields: Fields, numLayers: number): MapOrigin {
  const texts = (name: "modules" | "layer_names"): MapOrigin => {
    const found = fields.has(name) ? fields.texts(name) : [];
    return found.length === numLayers ? { [name]: found } : {};
  };
  const difference = fields.has("difference")
    ? { difference: fields.optional("difference", () => fields.number("difference")) }
    : {};
  return { ...texts("modules"), ...texts("layer_names"), ...difference };
}

const SIDE = ["tokens", "special", "words", "segments"] as const;

/**
 * Drops the fields for keys where they equal those for queries, which would otherwise be stored in a notebook twice.
 */
export function withoutKeyFields(description: MapDescription): MapDescription {
  if (SIDE.some((part) => JSON.stringify(description[`key_${part}`]) !== JSON.stringify(description[`query_${part}`])))
    return description;
  const keys: readonly string[] = SIDE.map((part) => `key_${part}`);
  return Object.fromEntries(
    Object.entries(description).filter(([name]) => !keys.includes(name)),
  ) as unknown as MapDescription;
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
