import type { MapInfo } from "../contract.gen";
import { Fields, show } from "./file-fields";
import { type FileRecord, readRecord } from "./file-record";
import { readMapInfo } from "./map-info";
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
  const info = readMapInfo(fields);
  const [numQueries, numKeys] = [info.query_tokens.length, info.key_tokens.length];
  const values = fields.list("records");
  const records = values.map((record, layer) =>
    readRecord(record, `${fields.where}, layer ${layer}`, tensors, numQueries, numKeys),
  );
  if (records.length !== info.num_layers) {
    fields.fail(`there are ${records.length} records for ${info.num_layers} layers`);
  }
  if (records.some((record, layer) => record.numHeads !== info.num_heads[layer])) {
    fields.fail("num_heads does not fit the records");
  }
  return { info, records };
}
