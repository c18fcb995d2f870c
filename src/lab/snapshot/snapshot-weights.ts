import type { BlockKind, Dtype, MapDescription, SnapshotPart } from "../../contract.gen";
import type { SnapshotOffer } from "../../core/state/snapshot-offer";
import { encodeBlock, encodeVectors } from "../../core/weights/encode-frames";
import type { HeadWeights } from "../../core/weights/head-weights";
import { storedKind } from "../../core/weights/map-size";
import { packed } from "../../sources/embedded/packed";

/** Heads of one layer that are packed together. */
interface SnapshotHeads {
  readonly kind: BlockKind;
  readonly map: MapDescription;
  readonly layer: number;
  readonly heads: readonly number[];
}

/** A snapshot does not include the queries and keys of longer inputs. */
const MAX_VECTORS = 256;

/**
 * The weights of a snapshot: everything on screen, or nothing if that does not fit; then nearby layers that are in
 * memory.
 */
export async function snapshotParts(
  offer: SnapshotOffer,
  room: number,
  kept: readonly SnapshotPart[],
  signal: AbortSignal,
): Promise<SnapshotPart[]> {
  const needed = onScreen(offer);
  const parts =
    (await fitting(offer, needed, "decimal16", room, kept)) ?? (await fitting(offer, needed, "sqrt8", room, []));
  if (!parts) return [];
  let left = room - notebookBytes(parts);
  const add = (part: SnapshotPart) => {
    left -= notebookBytes([part]);
    if (left >= 0) parts.push(part);
    return left >= 0;
  };
  const vectors = await vectorPart(offer, kept, signal);
  if (vectors) add(vectors);
  const first = parts.find(({ kind }) => kind === "block");
  const isSmall = first !== undefined && notebookBytes([first]) * (needed[0]?.map.num_layers ?? 1) < room;
  for (const piece of nearby(offer)) {
    signal.throwIfAborted();
    if (reusable(parts, piece)) continue;
    if (!add(reusable(kept, piece) ?? (await packHeads(offer, piece, isSmall ? "decimal16" : "sqrt8")))) break;
  }
  return parts;
}

async function fitting(
  offer: SnapshotOffer,
  pieces: readonly SnapshotHeads[],
  dtype: Dtype,
  room: number,
  kept: readonly SnapshotPart[],
): Promise<SnapshotPart[] | null> {
  const parts: SnapshotPart[] = [];
  for (const piece of pieces) {
    parts.push(reusable(kept, piece) ?? (await packHeads(offer, piece, dtype)));
    if (notebookBytes(parts) > room) return null;
  }
  return parts.length > 0 ? parts : null;
}

/** The heads on screen, if they are in memory. */
function onScreen(offer: SnapshotOffer): SnapshotHeads[] {
  const { kind, source } = offer;
  const { map: name, layer, detail } = offer.state();
  const map = offer.maps().find((one) => one.name === name);
  if (!map) return [];
  const rows = kind === "model" || kind === "explorer" ? layersOf(offer, map) : [];
  const pieces = rows.map((row) => inMemory(source, storedKind("overview", map), map, row));
  if (kind !== "model" || detail) pieces.push(inMemory(source, "block", map, layer));
  const there = pieces.filter(({ heads }) => heads.length > 0);
  const isFirst = (piece: SnapshotHeads, at: number) =>
    there.findIndex((one) => one.kind === piece.kind && one.layer === piece.layer) === at;
  return there.filter(isFirst);
}

/** Layers in memory, nearest first. */
function nearby(offer: SnapshotOffer): SnapshotHeads[] {
  const { map: name, layer } = offer.state();
  const map = offer.maps().find((one) => one.name === name);
  if (!map) return [];
  return layersOf(offer, map)
    .sort((a, b) => Math.abs(a - layer) - Math.abs(b - layer))
    .map((one) => inMemory(offer.source, "block", map, one))
    .filter(({ heads }) => heads.length > 0);
}

function layersOf(offer: SnapshotOffer, { num_layers }: MapDescription): number[] {
  const included = offer.includeLayers();
  return [...Array(num_layers).keys()].filter((layer) => included.length === 0 || included.includes(layer));
}

function inMemory(source: SnapshotOffer["source"], kind: BlockKind, map: MapDescription, layer: number): SnapshotHeads {
  const all = [...Array(map.num_heads[layer] ?? 0).keys()];
  return { kind, map, layer, heads: all.filter((head) => source.peek(kind, map.name, layer, head) !== undefined) };
}

function reusable(
  parts: readonly SnapshotPart[],
  { kind, map, layer, heads }: SnapshotHeads,
): SnapshotPart | undefined {
  const same = parts.filter((part) => part.kind === kind && part.map === map.name && part.layer === layer);
  return same.find((part) => heads.every((head) => part.heads.includes(head)));
}

async function packHeads(
  { source }: SnapshotOffer,
  { kind, map, layer, heads }: SnapshotHeads,
  dtype: Dtype,
): Promise<SnapshotPart> {
  const weights = heads.map((head) => source.peek(kind, map.name, layer, head)) as HeadWeights[];
  const [numQueries, numKeys] = [map.query_tokens.length, map.key_tokens.length];
  const place = { kind, map: map.name, layer, heads: [...heads], numQueries, numKeys };
  const data = await packed(encodeBlock(weights, place, dtype));
  return { kind, map: map.name, layer, heads: [...heads], data };
}

/** The queries and keys of the head on screen, if the view shows any. */
async function vectorPart(
  { kind, source, ...offer }: SnapshotOffer,
  kept: readonly SnapshotPart[],
  signal: AbortSignal,
): Promise<SnapshotPart | null> {
  const { map: name, layer, heads, tab } = offer.state();
  const map = offer.maps().find((one) => one.name === name);
  const isShown = kind === "neuron" || (kind === "explorer" && tab === "neurons");
  if (!isShown || !map) return null;
  const head = heads?.[0] ?? 0;
  const place = { map: map.name, layer, head };
  const found = kept.find(
    (part) => part.kind === "vectors" && part.map === map.name && part.layer === layer && part.heads.includes(head),
  );
  const rows = map.query_tokens.length;
  if (found || map.no_vectors[layer] || rows > MAX_VECTORS || offer.status() !== "live") return found ?? null;
  try {
    const vectors = await source.vectors({ ...place, queries: [0, rows] }, signal);
    const frames = new Blob(encodeVectors(vectors, place));
    const data = await packed(new Uint8Array(await frames.arrayBuffer()));
    return { kind: "vectors", map: map.name, layer, heads: [head], data };
  } catch {
    // The view itself reports the error if it needs them; a snapshot works without.
    return null;
  }
}

/** JSON in a notebook has one line per element. This is the average indentation within an output. */
const INDENT = 9;

/** The number of bytes that a value takes in a notebook file. */
export function notebookBytes(value: unknown): number {
  const text = JSON.stringify(value, null, 1);
  const lines = text.split("\n").length - 1;
  return new TextEncoder().encode(text).byteLength + INDENT * lines;
}
