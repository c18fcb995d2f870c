import type { ViewKind } from "../../contract.gen";
import { VIEWS } from "../../options.gen";

/** The name of a kind of view within a sentence. */
export function kindName(kind: ViewKind): string {
  return VIEWS[kind].title.toLowerCase();
}

export function isViewKind(value: unknown): value is ViewKind {
  return typeof value === "string" && Object.hasOwn(VIEWS, value);
}
