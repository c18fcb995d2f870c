import { OVERVIEW_BINS } from "../contract.gen";
import { Fields, FLOATS, show } from "./file-fields";
import { type FileRules, readRules } from "./file-rules";
import type { Tensor } from "./safetensors";

interface Sized {
  readonly numHeads: number;
  readonly numQueries: number;
  readonly numKeys: number;
}

/** A layer's queries and keys, and what makes weights of them. */
export interface VectorsRecord extends Sized {
  readonly kind: "vectors";
  readonly numKvHeads: number;
  readonly headDim: number;
  readonly queries: Tensor;
  readonly keys: Tensor;
  readonly rules: FileRules;
  readonly rotary: boolean;
}

/** A layer of which weights alone are known. */
export interface WeightsRecord extends Sized {
  readonly kind: "weights";
  readonly weights: Tensor;
}

export type PieceRecord = VectorsRecord | WeightsRecord;

/** A layer put together of pieces that do not see each other. */
export interface PiecesRecord extends Sized {
  readonly kind: "pieces";
  readonly pieces: readonly PieceRecord[];
  /** For each piece, which position of the map each of its rows is; -1 for one that is none. */
  readonly queryAt: readonly Tensor[];
  readonly keyAt: readonly Tensor[];
}

/** A layer that was not kept. */
export interface MissingRecord extends Sized {
  readonly kind: "missing";
}

export type FileRecord = (PieceRecord | PiecesRecord | MissingRecord) & { readonly overview: Tensor | null };

type Tensors = ReadonlyMap<string, Tensor>;

/** The most heads of a map, over all its layers: no model comes near, and nothing else bounds layers that were not kept. */
export const MOST_HEADS = 1 << 16;

/** Reads the record of a layer with `numQueries` x `numKeys` positions. */
export function readRecord(
  value: unknown,
  where: string,
  tensors: Tensors,
  numQueries: number,
  numKeys: number,
): FileRecord {
  const fields = new Fields(value, where);
  const kind = fields.text("kind");
  const numHeads = fields.count("num_heads", 1, MOST_HEADS);
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

function readOverview(fields: Fields, tensors: Tensors, { numHeads, numQueries, numKeys }: Sized): Tensor | null {
  const shape = [numHeads, Math.min(numQueries, OVERVIEW_BINS), Math.min(numKeys, OVERVIEW_BINS)];
  const overview = fields.optional("overview", () => fields.tensor("overview", tensors, ["F16", "U8"], shape));
  return overview ?? (Math.max(numQueries, numKeys) > OVERVIEW_BINS ? fields.fail("there is no overview") : null);
}

function readPieces(fields: Fields, tensors: Tensors, sizes: Sized): PiecesRecord {
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
  const places = (name: string, extent: (piece: PieceRecord) => number): Tensor[] => {
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

/** The sizes of a piece are those of its tensors. */
function readPiece(fields: Fields, tensors: Tensors): PieceRecord {
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

/** The shape of a tensor of three axes. An empty one would let the other axes claim any size. */
function positive(fields: Fields, { name, shape }: Tensor): [number, number, number] {
  if (shape.includes(0)) fields.fail(`the tensor ${show(name)} is empty`);
  return shape as [number, number, number];
}

/** All tensors that the weights of a layer come from. */
export function tensorsOf(record: FileRecord | PieceRecord): Tensor[] {
  if (record.kind === "missing") return [];
  if (record.kind === "weights") return [record.weights];
  if (record.kind === "pieces") return [...record.pieces.flatMap(tensorsOf), ...record.queryAt, ...record.keyAt];
  const { sinks, visible, biases } = record.rules;
  const found: (Tensor | null | undefined)[] = [record.queries, record.keys, sinks];
  found.push(visible?.start, visible?.stop, visible?.shown, visible?.exceptions);
  for (const bias of biases) found.push(bias.table, ...(bias.kind === "distance" ? [bias.queryAt, bias.keyAt] : []));
  return found.filter((tensor): tensor is Tensor => tensor != null);
}
