import type { MapFindings, MapPredictions } from "../../contract.gen";
import { Fields } from "./fields";

const KINDS: readonly MapPredictions["kind"][] = ["next", "masked", "label", "input"];

/** Reads what the model predicts beside the queries of a map. Throws an error with a message for users. */
export function readPredictions(fields: Fields, numQueries: number): MapFindings {
  if (!fields.has("predictions")) return {};
  const found = new Fields(fields.value("predictions"), `${fields.where}, predictions`);
  const kind = KINDS.find((one) => one === found.text("kind")) ?? found.fail(`kind is ${found.text("kind")}`);
  const start = found.count("start", 0, numQueries - 1);
  const tokens = found.list("tokens").map((row, index) => {
    const isText = Array.isArray(row) && row.every((token) => typeof token === "string");
    return isText ? row : found.fail(`row ${index} of tokens is not a list of texts`);
  });
  const probabilities = found.list("probabilities").map((row, index) => {
    const fits = Array.isArray(row) && row.length === tokens[index]?.length && row.every(Number.isFinite);
    return fits ? row : found.fail(`row ${index} of probabilities does not have a number for each token`);
  });
  if (tokens.length !== probabilities.length || start + tokens.length > numQueries)
    found.fail(`there are ${tokens.length} rows of tokens from ${start} on, for ${numQueries} queries`);
  return { predictions: { kind, start, tokens, probabilities } };
}
