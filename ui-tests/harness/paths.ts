import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export const HARNESS = fileURLToPath(new URL(".", import.meta.url));

/** Screenshots and logs: emptied at the start of a run, never committed. */
export const RESULTS = fileURLToPath(new URL("../results", import.meta.url));
