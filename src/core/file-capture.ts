import type { MapInfo } from "../contract.gen";
import { Fields, show } from "./file-fields";
import { type FileRecord, MOST_HEADS, readRecord } from "./file-record";
import type { Tensor } from "./safetensors";

/** An attention map, with where in the file each layer is. */
export interface FileMap {
  readonly info: MapInfo;
  /** One a layer. */
  readonly records: readonly FileRecord[];
}

/** What a file says of its capture, checked. */
export interface FileCapture {
  readonly name: string;
  /** The version of Headscope that wrote the file. */
  readonly headscope: string;
  readonly maps: readonly FileMap[];
}

/** Checks the JSON of a capture against the tensors of its file. Throws a sentence for people. */
export function readCapture(value: unknown, tensors: ReadonlyMap<string, Tensor>): FileCapture {
  const fields = new Fields(value, "The description of the capture");
  const maps = fields.list("maps").map((map, index) => readMap(new Fields(map, `Map ${index}`), tensors));
  if (maps.length === 0) fields.fail("there is no attention map");
  const names = maps.map(({ info }) => info.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) fields.fail(`two attention maps are called ${show(twice)}`);
  return { name: fields.text("name"), headscope: fields.text("headscope"), maps };
}

function readMap(fields: Fields, tensors: ReadonlyMap<string, Tensor>): FileMap {
  const [queryTokens, keyTokens] = [tokens(fields, "query_tokens"), tokens(fields, "key_tokens")];
  const [numQueries, numKeys] = [queryTokens.length, keyTokens.length];
  const values = fields.list("records");
  const records = values.map((record, layer) =>
    readRecord(record, `${fields.where}, layer ${layer}`, tensors, numQueries, numKeys),
  );
  const numLayers = fields.count("num_layers", 1);
  if (records.length !== numLayers) fields.fail(`there are ${records.length} records for ${numLayers} layers`);
  const numHeads = fields.counts("num_heads");
  if (numHeads.length !== numLayers || records.some((record, layer) => record.numHeads !== numHeads[layer])) {
    fields.fail("num_heads does not fit the records");
  }
  const all = numHeads.reduce((sum, count) => sum + count, 0);
  if (all > MOST_HEADS) fields.fail(`there are ${all} heads, more than any model has`);
  const noVectors = fields.texts("no_vectors");
  if (noVectors.length !== numLayers) fields.fail(`there are ${noVectors.length} no_vectors for ${numLayers} layers`);
  const info: MapInfo = {
    name: fields.text("name"),
    label: fields.text("label"),
    num_layers: numLayers,
    num_heads: numHeads,
    query_tokens: queryTokens,
    key_tokens: keyTokens,
    query_special: fields.counts("query_special", 0, numQueries - 1),
    key_special: fields.counts("key_special", 0, numKeys - 1),
    query_words: words(fields, "query_words", numQueries),
    key_words: words(fields, "key_words", numKeys),
    sentence_b_start: fields.optional("sentence_b_start", () => fields.count("sentence_b_start", 0, numQueries)),
    no_vectors: noVectors,
  };
  return { info, records };
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
