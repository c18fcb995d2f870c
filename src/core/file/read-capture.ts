import type { MapDescription, MapOrigin } from "../../contract.gen";
import { Fields, show } from "./fields";
import { type FileRecord, readRecord } from "./layer-record";
import { readMapDescription, readOrigin } from "./map-description";
import type { Safetensors, Tensor } from "./safetensors";

/** The version of the format that this code reads, as `docs/file-format.md` describes it. */
export const FILE_VERSION = 1;

/**
 * The JSON of a capture. Throws an error with a message for users unless the file has this format and a version that we
 * read.
 */
export function captureJson({ metadata }: Safetensors): unknown {
  if (metadata.get("format") !== "headscope") {
    throw new Error(
      "This safetensors file holds no attention, but a model's weights or other tensors. " +
        "Open one that capture.save() wrote.",
    );
  }
  const version = Number(metadata.get("version"));
  if (!Number.isSafeInteger(version) || version < 1) {
    throw new Error("This file does not say which version of the format it has. Save it again with capture.save().");
  }
  if (version > FILE_VERSION) {
    throw new Error(
      `This file has version ${version} of the format, and this Headscope reads version ${FILE_VERSION}: ` +
        "update Headscope to open it (pip install --upgrade headscope), then reload this page.",
    );
  }
  try {
    return JSON.parse(metadata.get("capture") ?? "");
  } catch {
    throw new Error(
      "This file is damaged: its description of the capture is not JSON. Save it again with capture.save().",
    );
  }
}

/** An attention map, and where each of its layers is in the file. */
export interface FileMap {
  readonly description: MapDescription;
  /** One per layer. */
  readonly records: readonly FileRecord[];
}

/** The checked description of a file's capture. */
export interface FileCapture {
  readonly name: string;
  /** The version of Headscope that wrote the file. */
  readonly headscope: string;
  readonly maps: readonly FileMap[];
}

/** Checks the JSON of a capture against the tensors of its file. Throws an error with a message for users. */
export function readCapture(value: unknown, tensors: ReadonlyMap<string, Tensor>): FileCapture {
  const fields = new Fields(value, "The description of the capture");
  const origins = readReport(fields);
  const maps = fields.list("maps").map((value, index) => {
    const map = readMap(new Fields(value, `Map ${index}`), tensors);
    const origin = origins.get(map.description.name)?.(map.description.num_layers);
    return { ...map, description: { ...map.description, ...origin } };
  });
  if (maps.length === 0) fields.fail("there is no attention map");
  const names = maps.map(({ description }) => description.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) fields.fail(`two attention maps are called ${show(twice)}`);
  return { name: fields.text("name"), headscope: fields.text("headscope"), maps };
}

/** Where the layers of each map come from, by the map's name: the report of a file knows it. */
function readReport(fields: Fields): ReadonlyMap<string, (numLayers: number) => MapOrigin> {
  if (!fields.has("report")) return new Map();
  const report = new Fields(fields.value("report"), "The report of the capture");
  if (!report.has("maps")) return new Map();
  const parts = report.list("maps").map((value, index) => new Fields(value, `Map ${index} of the report`));
  return new Map(parts.map((part) => [part.text("name"), (numLayers: number) => readOrigin(part, numLayers)]));
}

function readMap(fields: Fields, tensors: ReadonlyMap<string, Tensor>): FileMap {
  const description = readMapDescription(fields);
  const [numQueries, numKeys] = [description.query_tokens.length, description.key_tokens.length];
  const values = fields.list("records");
  const records = values.map((record, layer) =>
    readRecord(record, `${fields.where}, layer ${layer}`, tensors, numQueries, numKeys),
  );
  if (records.length !== description.num_layers) {
    fields.fail(`there are ${records.length} records for ${description.num_layers} layers`);
  }
  if (records.some((record, layer) => record.numHeads !== description.num_heads[layer])) {
    fields.fail("num_heads does not fit the records");
  }
  return { description, records };
}
