import type { MapDescription, MapPart, Segment } from "../../contract.gen";

/** The name of the picture of all. */
export const COMPOSED = "all";

const NO_VECTORS =
  "The picture of all composes three attentions, each with queries and keys of its own: choose the encoder, decoder or " +
  "cross-attention to see them.";

type Shown = { readonly parts?: MapDescription["parts"] | undefined };

/** The maps of a capture and, if they are an encoder-decoder's, the picture of all. */
export function withComposed(maps: readonly MapDescription[]): readonly MapDescription[] {
  const composed = composedMap(maps);
  return composed ? [...maps, composed] : maps;
}

/** The maps of a capture, without the picture of all. */
export function withoutComposed(maps: readonly MapDescription[]): readonly MapDescription[] {
  return maps.filter((map) => !isComposed(map));
}

export function isComposed(map: Shown | undefined): boolean {
  return map?.parts !== undefined;
}

/** The picture of all maps; null unless they are an encoder-decoder's whose tokens fit together. */
function composedMap(maps: readonly MapDescription[]): MapDescription | null {
  const named = (wanted: string) => maps.find(({ name }) => name === wanted);
  const [encoder, cross, decoder] = [named("encoder"), named("cross"), named("decoder")];
  if (!encoder || !cross || !decoder || named(COMPOSED)) return null;
  const [count, size] = [encoder.query_tokens.length, encoder.query_tokens.length + decoder.query_tokens.length];
  if (encoder.key_tokens.length !== count || cross.key_tokens.length !== count) return null;
  if (decoder.key_tokens.length !== size - count || cross.query_tokens.length !== size - count) return null;
  const tokens = [...encoder.query_tokens, ...decoder.query_tokens];
  const special = [...encoder.query_special, ...decoder.query_special.map((at) => at + count)];
  const words = joinedWords(encoder, decoder);
  const segments = joinedSegments(encoder, decoder);
  const parts = [encoder, cross, decoder];
  const numLayers = Math.max(...parts.map(({ num_layers }) => num_layers));
  const [source, target] = [
    [0, count],
    [count, size],
  ] as const;
  return {
    name: COMPOSED,
    label: "All",
    num_layers: numLayers,
    num_heads: Array.from({ length: numLayers }, (_, layer) =>
      Math.max(...parts.map(({ num_heads }) => num_heads[layer] ?? 0)),
    ),
    query_tokens: tokens,
    key_tokens: tokens,
    query_special: special,
    key_special: special,
    query_words: words,
    key_words: words,
    query_segments: segments,
    key_segments: segments,
    sentence_b_start: null,
    no_vectors: Array<string>(numLayers).fill(NO_VECTORS),
    ...predictionsOf(decoder, count),
    parts: [
      { name: "encoder", queries: [...source], keys: [...source] },
      { name: "cross", queries: [...target], keys: [...source] },
      { name: "decoder", queries: [...target], keys: [...target] },
    ],
  };
}

/** A token of an unknown word is one of its own. */
function joinedWords(encoder: MapDescription, decoder: MapDescription): number[] | null {
  if (!encoder.query_words && !decoder.query_words) return null;
  const first = encoder.query_words ?? encoder.query_tokens.map((_, at) => at);
  const second = decoder.query_words ?? decoder.query_tokens.map((_, at) => at);
  const most = first.reduce((one, other) => Math.max(one, other), Number.NEGATIVE_INFINITY);
  const after = most + 1 - second.reduce((one, other) => Math.min(one, other), Number.POSITIVE_INFINITY);
  return [...first, ...second.map((word) => word + after)];
}

/** A side without segments is one segment. */
function joinedSegments(encoder: MapDescription, decoder: MapDescription): Segment[] {
  const [count, more] = [encoder.query_tokens.length, decoder.query_tokens.length];
  const whole = (name: string, stop: number): Segment[] => [{ name, start: 0, stop }];
  const source = encoder.query_segments.length > 0 ? encoder.query_segments : whole("source", count);
  const target = decoder.query_segments.length > 0 ? decoder.query_segments : whole("target", more);
  return [...source, ...target.map(({ name, start, stop }) => ({ name, start: start + count, stop: stop + count }))];
}

/** What the model predicts beside the target's tokens. */
function predictionsOf({ predictions: found }: MapDescription, count: number): Pick<MapDescription, "predictions"> {
  if (!found || found.kind === "input") return {};
  return { predictions: { ...found, start: found.start + count } };
}

/** The edges between the keys of different softmaxes, from 0 to the number of keys. */
export function keyEdges({ parts, key_tokens }: Shown & Pick<MapDescription, "key_tokens">): readonly number[] {
  const inside = parts?.map(({ keys }) => keys[0] as number).filter((at) => at > 0) ?? [];
  return [0, ...inside, key_tokens.length];
}

/** The first position of the target; null in other maps. */
export function targetStart({ parts }: Shown): number | null {
  return parts?.find(({ name }) => name === "decoder")?.queries[0] ?? null;
}

/** A rectangle of the picture. */
export interface Region {
  readonly queries: readonly [number, number];
  readonly keys: readonly [number, number];
}

/** The four rectangles of the picture: its maps, and the one that nothing connects. Undefined in other maps. */
export function regionsOf({ parts, query_tokens }: Shown & Pick<MapDescription, "query_tokens">) {
  const start = targetStart({ parts });
  if (start === null) return undefined;
  const [source, target] = [[0, start] as const, [start, query_tokens.length] as const];
  return [source, target].flatMap((queries) => [source, target].map((keys): Region => ({ queries, keys })));
}

/** The part that holds a cell; null where nothing connects query and key. */
export function partAt({ parts = [] }: Shown, query: number, key: number): MapPart | null {
  const isIn = (position: number, [start, stop]: readonly number[]) =>
    position >= (start as number) && position < (stop as number);
  return parts.find(({ queries, keys }) => isIn(query, queries) && isIn(key, keys)) ?? null;
}

/** What a reader calls a part. */
export function partName({ name }: Pick<MapPart, "name">): string {
  return name === "cross" ? "cross-attention" : `${name} self-attention`;
}
