import { Fields, FLOATS, show } from "./fields";
import type { Tensor, TensorsByName } from "./safetensors";

/** The numbers of queries, keys and heads to which the rules of a layer apply. */
export interface RuleSizes {
  readonly numHeads: number;
  readonly numQueries: number;
  readonly numKeys: number;
}

/** Which keys each query may see, as `docs/file-format.md` describes it. */
export interface FileVisible {
  readonly start: Tensor;
  readonly stop: Tensor;
  readonly shown: Tensor | null;
  readonly exceptions: Tensor | null;
}

/** A bias that is added to the scores. */
export type FileBias =
  | {
      readonly kind: "distance";
      readonly table: Tensor;
      readonly zero: number;
      readonly queryAt: Tensor;
      readonly keyAt: Tensor;
    }
  | { readonly kind: "table"; readonly table: Tensor };

/** How the scores of a layer follow from its queries and keys. */
export interface FileRules {
  readonly scaling: number;
  readonly softcap: number | null;
  readonly sinks: Tensor | null;
  readonly visible: FileVisible | null;
  readonly biases: readonly FileBias[];
}

/** Reads the rules among the fields of a record. */
export function readRules(fields: Fields, tensors: TensorsByName, sizes: RuleSizes): FileRules {
  const { where } = fields;
  return {
    scaling: fields.number("scaling"),
    softcap: fields.optional("softcap", () => fields.number("softcap")),
    sinks: fields.optional("sinks", () => fields.tensor("sinks", tensors, ["F32"], [sizes.numHeads])),
    visible: fields.optional("visible", () =>
      readVisible(new Fields(fields.value("visible"), `${where}, visible`), tensors, sizes),
    ),
    biases: fields
      .list("biases")
      .map((value, index) => readBias(new Fields(value, `${where}, bias ${index}`), tensors, sizes)),
  };
}

function readVisible(fields: Fields, tensors: TensorsByName, { numQueries, numKeys }: RuleSizes): FileVisible {
  fields.count("num_keys", numKeys, numKeys);
  return {
    start: fields.tensor("start", tensors, ["I32"], [numQueries]),
    stop: fields.tensor("stop", tensors, ["I32"], [numQueries]),
    shown: fields.optional("shown", () => fields.tensor("shown", tensors, ["U8"], [numKeys])),
    exceptions: fields.optional("exceptions", () =>
      fields.tensor("exceptions", tensors, ["U8"], [numQueries, numKeys]),
    ),
  };
}

function readBias(fields: Fields, tensors: TensorsByName, { numHeads, numQueries, numKeys }: RuleSizes): FileBias {
  const kind = fields.text("kind");
  if (kind === "table") {
    return { kind, table: ofHeads(fields, tensors, numHeads, [numQueries, numKeys]) };
  }
  if (kind !== "distance") return fields.fail(`this Headscope does not know a bias of the kind ${show(kind)}`);
  const table = ofHeads(fields, tensors, numHeads, [null]);
  return {
    kind,
    table,
    zero: fields.count("zero", 0, table.shape[1]),
    queryAt: fields.tensor("query_at", tensors, ["I32"], [numQueries]),
    keyAt: fields.tensor("key_at", tensors, ["I32"], [numKeys]),
  };
}

/** A table that has a part for each head, or one part for all heads. */
function ofHeads(fields: Fields, tensors: TensorsByName, numHeads: number, rest: readonly (number | null)[]): Tensor {
  const table = fields.tensor("table", tensors, FLOATS, [null, ...rest]);
  if (table.shape[0] === 1 || table.shape[0] === numHeads) return table;
  return fields.fail(`table is of ${table.shape[0]} heads, not of 1 or ${numHeads}`);
}
