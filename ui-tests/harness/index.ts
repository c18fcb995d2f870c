export { expect } from "vitest";
export { command, type LabTheme, setTheme } from "./lab";
export { kernel, type OpenOptions, openNotebook, openNotebookFile, runAll } from "./notebook";
export { RESULTS, ROOT } from "./paths";
export { screenshot } from "./screenshot";
export { test } from "./test";
export { ready, view } from "./view";
