import { OVERVIEW_BINS } from "../../contract.gen";
import { Fields, FLOATS, show } from "./fields";
import { type FileRules, readRules } from "./layer-rules";
import type { Tensor, TensorsByName } from "./safetensors";

interface Sized {
  readonly numHeads: number;
  readonly numQueries: number;
  readonly numKeys: number;
}

/** A layer that has its queries and keys, and the rules that turn them into weights. */
export interface VectorsRecord extends Sized {
  readonly kind: "vectors";
  readonly numKvHeads: number;
  readonly headDim: number;
  readonly queries: Tensor;
  readonly keys: Tensor;
  readonly rules: FileRules;
  readonly rotary: boolean;
}

/** A layer that has only its weights. */
export interface WeightsRecord extends Sized {
  readonly kind: "weights";
  readonly weights: Tensor;
}

export type PlainRecord = VectorsRecord | WeightsRecord;

/** A layer that consists of pieces which do not see each other. */
export interface WindowedRecord extends Sized {
  readonly kind: "pieces";
  readonly pieces: readonly PlainRecord[];
  /** For each piece, the position in the map of each of its rows; -1 for a row that has none. */
  readonly queryAt: readonly Tensor[];
  readonly keyAt: readonly Tensor[];
}

/** A layer that was not kept. */
export interface MissingRecord extends Sized {
  readonly kind: "missing";
}

export type FileRecord = (PlainRecord | WindowedRecord | MissingRecord) & { readonly overview: Tensor | null };

/**
 * The most heads of a map, over all its layers. No real model comes near, and nothing else limits layers that were not
 * kept.
 */
export const MAX_HEADS = 1 << 16;

/** Reads the record of a layer with `numQueries` x `numKeys` positions. */
export function readRecord(
  value: unknown,
  where: string,
  tensors: TensorsByName,
  numQueries: number,
  numKeys: number,
): FileRecord {
  const fields = new Fields(value, where);
  const kind = fields.text("kind");
  const numHeads = fields.count("num_heads", 1, MAX_HEADS);
  const sizes = { numHeads, numQueries, numKeys };
  if (kind === "missing") return { kind, ...sizes, overview: null };
  const record = kind === "pieces" ? readPieces(fields, tensors, sizes) : readPiece(fields, tensors);
  if (record.numQueries !== numQueries || record.numKeys !== numKeys) {
    fields.fail(
      `it has ${record.numQueries} x ${record.numKeys} positions, but there are ${numQueries} x ${numKeys} tokens`,
    );
  }
  return { ...record, overview: readOverview(fields, tensors, sizes) };
}

function readOverview(fields: Fields, tensors: TensorsByName, { numHeads, numQueries, numKeys }: Sized): Tensor | null {
  const shape = [numHeads, Math.min(numQueries, OVERVIEW_BINS), Math.min(numKeys, OVERVIEW_BINS)];
  const overview = fields.optional("overview", () => fields.tensor("overview", tensors, ["F16", "U8"], shape));
  return overview ?? (Math.max(numQueries, numKeys) > OVERVIEW_BINS ? fields.fail("there is no overview") : null);
}

function readPieces(fields: Fields, tensors: TensorsByName, sizes: Sized): WindowedRecord {
  const pieces = fields
    .list("pieces")
    .map((piece, index) => readPiece(new Fields(piece, `${fields.where}, piece ${index}`), tensors));
  if (pieces.length === 0 || pieces.some(({ numHeads }) => numHeads !== sizes.numHeads)) {
    fields.fail("its pieces do not have as many heads as it has");
  }
  const vectors = pieces.filter((piece) => piece.kind === "vectors");
  if (
    vectors.some(({ numKvHeads, headDim }) => numKvHeads !== vectors[0]?.numKvHeads || headDim !== vectors[0].headDim)
  ) {
    fields.fail("its pieces differ in their number of KV heads, or in head_dim");
  }
  const places = (name: string, extent: (piece: PlainRecord) => number): Tensor[] => {
    const names = fields.list(name);
    if (names.length !== pieces.length) fields.fail(`${name} has ${names.length} parts for ${pieces.length} pieces`);
    return pieces.map((piece, index) => fields.tensorOf(name, names[index], tensors, ["I32"], [extent(piece)]));
  };
  return {
    kind: "pieces",
    ...sizes,
    pieces,
    queryAt: places("query_at", ({ numQueries }) => numQueries),
    keyAt: places("key_at", ({ numKeys }) => numKeys),
  };
}

/** Takes the sizes of a piece from its tensors. */
function readPiece(fields: Fields, tensors: TensorsByName): PlainRecord {
  const kind = fields.text("kind");
  const numHeads = fields.count("num_heads", 1);
  if (kind === "weights") {
    const weights = fields.tensor("weights", tensors, FLOATS, [numHeads, null, null]);
    const [, numQueries, numKeys] = positive(fields, weights);
    return { kind, numHeads, numQueries, numKeys, weights };
  }
  if (kind !== "vectors") return fields.fail(`this Headscope does not know a record of the kind ${show(kind)}`);
  const numKvHeads = fields.count("num_kv_heads", 1, numHeads);
  if (numHeads % numKvHeads !== 0) fields.fail(`${numHeads} heads can't share ${numKvHeads} KV heads equally`);
  const headDim = fields.count("head_dim", 1);
  const queries = fields.tensor("queries", tensors, FLOATS, [numHeads, null, headDim]);
  const keys = fields.tensor("keys", tensors, FLOATS, [numKvHeads, null, headDim]);
  const sizes = { numHeads, numQueries: positive(fields, queries)[1], numKeys: positive(fields, keys)[1] };
  const rules = readRules(fields, tensors, sizes);
  return { kind, ...sizes, numKvHeads, headDim, queries, keys, rules, rotary: fields.flag("rotary") };
}

/** The shape of a tensor of three axes. Refuses an empty tensor, because its other axes could claim any size. */
function positive(fields: Fields, { name, shape }: Tensor): [number, number, number] {
  if (shape.includes(0)) fields.fail(`the tensor ${show(name)} is empty`);
  return shape as [number, number, number];
}

/** All tensors from which the weights of a layer are computed. */
export function tensorsOf(record: FileRecord | PlainRecord): Tensor[] {
  if (record.kind === "missing") return [];
  if (record.kind === "weights") return [record.weights];
  if (record.kind === "pieces") return [...record.pieces.flatMap(tensorsOf), ...record.queryAt, ...record.keyAt];
  const { sinks, visible, biases } = record.rules;
  const found: (Tensor | null | undefined)[] = [record.queries, record.keys, sinks];
  found.push(visible?.start, visible?.stop, visible?.shown, visible?.exceptions);
  for (const bias of biases) found.push(bias.table, ...(bias.kind === "distance" ? [bias.queryAt, bias.keyAt] : []));
  return found.filter((tensor): tensor is Tensor => tensor != null);
}
