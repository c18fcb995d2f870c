import type { MapDescription } from "../../contract.gen";
import { formatWeight } from "./format";

/** The most tokens or labels that one row names. */
const MOST = 3;

/** A predicted token or label with its probability. */
export interface Predicted {
  readonly name: string;
  readonly probability: string;
}

/** What the model predicts at one place. */
export interface Prediction {
  /** The words before it, such as "next". */
  readonly lead: string;
  readonly best: readonly Predicted[];
}

const LEADS = { next: "next", masked: "predicted here", label: "label", input: "predicted" } as const;

/** What the model predicts beside a query; null if that is not known, or is said of the whole input only. */
export function predictionAt(map: MapDescription | undefined, query: number | undefined): Prediction | null {
  const found = map?.predictions;
  if (!found || query === undefined || found.kind === "input") return null;
  return rowOf(found, query - found.start);
}

/**
 * What the model predicts in the end: the label of the input, the token after the last one, or the tokens of the masked
 * places. Empty if nothing is known.
 */
export function predictionsOfText(map: MapDescription | undefined): readonly Prediction[] {
  const found = map?.predictions;
  if (!map || !found || found.kind === "label") return [];
  if (found.kind === "masked") return masksOf(map).flatMap((query) => predictionAt(map, query) ?? []);
  return [rowOf(found, found.tokens.length - 1)].flatMap((row) => row ?? []);
}

/** The predictions of a text in one line. */
export function predictedTitle(map: MapDescription | undefined): string {
  return predictionsOfText(map)
    .map(({ lead, best }) => `${lead}: ${best.map(({ name, probability }) => `${name} ${probability}`).join(", ")}`)
    .join("; ");
}

/** The positions of tokens such as [MASK], where a masked language model is asked for a token. */
function masksOf({ query_tokens, query_special }: MapDescription): readonly number[] {
  return query_special.filter((query) => /^[[<|]*mask[\]>|]*$/i.test(query_tokens[query] ?? ""));
}

function rowOf({ kind, tokens, probabilities }: NonNullable<MapDescription["predictions"]>, row: number) {
  const names = tokens[row];
  if (!names) return null;
  const best = names.slice(0, MOST).map((name, index) => ({
    name: name.trim() || JSON.stringify(name),
    probability: formatWeight(probabilities[row]?.[index] ?? Number.NaN, "float16"),
  }));
  return { lead: LEADS[kind], best };
}
