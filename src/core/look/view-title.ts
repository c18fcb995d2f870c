import type { MapDescription, PairFilter } from "../../contract.gen";
import { attentionOptions } from "../state/sentence-pair";
import { layerName } from "./layer-name";

/** What a view shows, in the terms of its title. */
export interface TitledPlace {
  /** The name of the capture. */
  readonly name: string;
  readonly map: MapDescription | undefined;
  /** Whether the capture has other attention maps. */
  readonly isOneOfMaps: boolean;
  readonly pair: PairFilter;
  /** The layer and its shown heads; null for every layer. */
  readonly layer: number | null;
  readonly heads: readonly number[];
  /** What a note calls a head of the layer; empty for a head without one. */
  readonly noteOf?: ((head: number) => string) | undefined;
}

/** More heads are counted, not listed. */
const MOST_LISTED = 6;

/** The title of a view: capture, attention map, sentences, layer and heads. */
export function viewTitle(place: TitledPlace): string {
  return [...titleStart(place), ...placeOf(place)].filter(Boolean).join(", ");
}

/** The beginning of the title: capture, attention map and sentences. */
export function titleStart({ name, map, isOneOfMaps, pair }: TitledPlace): string[] {
  if (!map) return [name];
  const sentences = attentionOptions([map]).find((option) => option.pair === pair && pair !== "all");
  return [name, isOneOfMaps ? `${map.label} attention` : "self-attention", sentences?.label ?? ""];
}

function placeOf({ map, layer, heads, noteOf = () => "" }: TitledPlace): string[] {
  if (!map) return [];
  if (layer === null) return ["all layers"];
  return [`layer ${layerName(map, layer)}`, headsTitle(heads, map.num_heads[layer] ?? 0, noteOf)];
}

function headsTitle(heads: readonly number[], numHeads: number, noteOf: (head: number) => string): string {
  if (heads.length === 1) return headName(heads[0] as number, noteOf(heads[0] as number));
  if (heads.length === numHeads) return `all ${numHeads} heads`;
  return heads.length > MOST_LISTED
    ? `${heads.length} of ${numHeads} heads`
    : `heads ${heads.map((head) => (noteOf(head) ? `${head} (${noteOf(head)})` : head)).join(", ")}`;
}

/** A head, and what a note calls it. */
export function headName(head: number, note: string): string {
  return note ? `head ${head}: ${note}` : `head ${head}`;
}
