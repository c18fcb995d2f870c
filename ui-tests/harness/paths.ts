import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export const HARNESS = fileURLToPath(new URL(".", import.meta.url));

/** Screenshots and logs. They are deleted at the start of a run and never committed. */
export const RESULTS = fileURLToPath(new URL("../results", import.meta.url));

/** Pictures of the views from the last `make baselines`. */
export const BASELINES = fileURLToPath(new URL("../baselines", import.meta.url));
