export { expect } from "vitest";
export { connect, disconnect, holdConnection, loseMessages } from "./connection";
export { kernel } from "./kernel";
export { command, type LabTheme, setTheme } from "./lab";
export {
  type OpenOptions,
  openNotebook,
  openNotebookFile,
  openSameNotebook,
  reloadNotebook,
  runAll,
  saveNotebook,
} from "./notebook";
export { RESULTS, ROOT } from "./paths";
export { screenshot } from "./screenshot";
export { test } from "./test";
export { ready, view } from "./view";
export { openVscode, type VscodeNotebook, type VscodeOptions } from "./vscode";
