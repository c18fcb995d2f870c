import type { MapDescription, PairFilter } from "../../contract.gen";
import type { Aids } from "./context";

/** The role of a token: it attends, or it is attended to. */
export type Side = "query" | "key";

/** The axis of each side. */
export const AXES = { query: "queries", key: "keys" } as const;

/** The side from which a token is read: as a query, what it attends to; as a key, what attends to it. */
export function sideLookedFrom({ direction }: Pick<Aids, "direction">): Side {
  return direction.value === "in" ? "key" : "query";
}

/** Whether queries and keys are the same tokens of one text, so that one token can stand for both. */
export function isOneText(map: MapDescription | undefined, pair: PairFilter): boolean {
  if (!map || map.name === "cross" || pair === "ab" || pair === "ba") return false;
  const { query_tokens: queries, key_tokens: keys } = map;
  return queries === keys || (queries.length === keys.length && queries.every((token, at) => token === keys[at]));
}
