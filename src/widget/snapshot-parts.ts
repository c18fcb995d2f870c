import type { BlockKind, Dtype, MapInfo, SnapshotPart, ViewKind } from "../contract.gen";
import type { ViewContext } from "../core/context";
import { encodeBlock, encodeVectors } from "../core/encode";
import type { HeadWeights } from "../core/head-weights";
import { heldAs } from "../core/overview";
import { notebookBytes } from "../core/snapshot-offer";
import { packed } from "../sources/packed";

/** What is packed together: some heads of one layer. */
interface Piece {
  readonly kind: BlockKind;
  readonly map: MapInfo;
  readonly layer: number;
  readonly heads: readonly number[];
}

/** Queries and keys of longer inputs are not asked for to be kept. */
const MOST_VECTORS = 256;

/** The weights of a snapshot: all that is on screen, or nothing where that does not fit; then what is near, if in memory. */
export async function snapshotParts(
  view: ViewKind,
  context: ViewContext,
  room: number,
  kept: readonly SnapshotPart[],
  signal: AbortSignal,
): Promise<SnapshotPart[]> {
  const needed = onScreen(view, context);
  const parts =
    (await fitting(context, needed, "float16", room, kept)) ?? (await fitting(context, needed, "sqrt8", room, []));
  if (!parts) return [];
  let left = room - notebookBytes(parts);
  const add = (part: SnapshotPart) => {
    left -= notebookBytes([part]);
    if (left >= 0) parts.push(part);
    return left >= 0;
  };
  const vectors = await vectorPart(view, context, kept, signal);
  if (vectors) add(vectors);
  const first = parts.find(({ kind }) => kind === "block");
  const isSmall = first !== undefined && notebookBytes([first]) * (needed[0]?.map.num_layers ?? 1) < room;
  for (const piece of nearby(context)) {
    signal.throwIfAborted();
    if (reusable(parts, piece)) continue;
    if (!add(reusable(kept, piece) ?? (await partOf(context, piece, isSmall ? "float16" : "sqrt8")))) break;
  }
  return parts;
}

async function fitting(
  context: ViewContext,
  pieces: readonly Piece[],
  dtype: Dtype,
  room: number,
  kept: readonly SnapshotPart[],
): Promise<SnapshotPart[] | null> {
  const parts: SnapshotPart[] = [];
  for (const piece of pieces) {
    parts.push(reusable(kept, piece) ?? (await partOf(context, piece, dtype)));
    if (notebookBytes(parts) > room) return null;
  }
  return parts.length > 0 ? parts : null;
}

/** What the view shows, as far as it is in memory. */
function onScreen(view: ViewKind, context: ViewContext): Piece[] {
  const { selection, options, maps } = context;
  const map = maps.peek().find(({ name }) => name === selection.map.peek());
  if (!map) return [];
  const layer = selection.layer.peek();
  const isGrid = view === "model" || view === "explorer";
  const rows = isGrid ? options.includeLayers.peek() : [];
  const pieces = rows.map((row) => inMemory(context, heldAs("overview", map), map, row));
  if (view !== "model" || options.detail.peek()) pieces.push(inMemory(context, "block", map, layer));
  const there = pieces.filter(({ heads }) => heads.length > 0);
  return there.filter(
    (piece, at) => !there.slice(0, at).some((one) => one.kind === piece.kind && one.layer === piece.layer),
  );
}

/** Other layers that are in memory, nearest first. */
function nearby(context: ViewContext): Piece[] {
  const { selection, options, maps } = context;
  const map = maps.peek().find(({ name }) => name === selection.map.peek());
  if (!map) return [];
  const here = selection.layer.peek();
  return [...options.includeLayers.peek()]
    .filter((layer) => layer < map.num_layers)
    .sort((a, b) => Math.abs(a - here) - Math.abs(b - here))
    .map((layer) => inMemory(context, "block", map, layer))
    .filter(({ heads }) => heads.length > 0);
}

function inMemory({ source }: ViewContext, kind: BlockKind, map: MapInfo, layer: number): Piece {
  const all = [...Array(map.num_heads[layer] ?? 0).keys()];
  return { kind, map, layer, heads: all.filter((head) => source.peek(kind, map.name, layer, head) !== undefined) };
}

function reusable(parts: readonly SnapshotPart[], { kind, map, layer, heads }: Piece): SnapshotPart | undefined {
  const same = parts.filter((part) => part.kind === kind && part.map === map.name && part.layer === layer);
  return same.find((part) => heads.every((head) => part.heads.includes(head)));
}

async function partOf(
  { source }: ViewContext,
  { kind, map, layer, heads }: Piece,
  dtype: Dtype,
): Promise<SnapshotPart> {
  const weights = heads.map((head) => source.peek(kind, map.name, layer, head)) as HeadWeights[];
  const [numQueries, numKeys] = [map.query_tokens.length, map.key_tokens.length];
  const place = { kind, map: map.name, layer, heads: [...heads], numQueries, numKeys };
  const data = await packed(encodeBlock(weights, place, dtype));
  return { kind, map: map.name, layer, heads: [...heads], data };
}

/** The queries and keys of the head on screen, where the view shows some. */
async function vectorPart(
  view: ViewKind,
  { source, selection, options, maps, status }: ViewContext,
  kept: readonly SnapshotPart[],
  signal: AbortSignal,
): Promise<SnapshotPart | null> {
  const isShown = view === "neuron" || (view === "explorer" && options.tab.peek() === "neurons");
  const map = maps.peek().find(({ name }) => name === selection.map.peek());
  if (!isShown || !map) return null;
  const [layer, head] = [selection.layer.peek(), selection.heads.peek()?.[0] ?? 0];
  const place = { map: map.name, layer, head };
  const found = kept.find(
    (part) => part.kind === "vectors" && part.map === map.name && part.layer === layer && part.heads.includes(head),
  );
  const rows = map.query_tokens.length;
  if (found || map.no_vectors[layer] || rows > MOST_VECTORS || status.peek() !== "live") return found ?? null;
  try {
    const vectors = await source.vectors({ ...place, queries: [0, rows] }, signal);
    const frames = new Blob(encodeVectors(vectors, place));
    const data = await packed(new Uint8Array(await frames.arrayBuffer()));
    return { kind: "vectors", map: map.name, layer, heads: [head], data };
  } catch {
    // The view says what is wrong where it wants them itself; a snapshot does without.
    return null;
  }
}
