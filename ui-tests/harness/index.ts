export { expect } from "vitest";
export { kernel } from "./kernel";
export { command, type LabTheme, setTheme } from "./lab";
export { type OpenOptions, openNotebook, openNotebookFile, runAll } from "./notebook";
export { RESULTS, ROOT } from "./paths";
export { screenshot } from "./screenshot";
export { test } from "./test";
export { ready, view } from "./view";
