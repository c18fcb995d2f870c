export { expect } from "vitest";
export { connect, disconnect, holdConnection, loseMessages } from "./connection";
export { kernel, kernelRuns } from "./kernel";
export { command, type LabTheme, setTheme } from "./lab";
export { later } from "./later";
export {
  type OpenOptions,
  openNotebook,
  openNotebookFile,
  openSameNotebook,
  reloadNotebook,
  runAll,
  saveNotebook,
  scrollToCell,
} from "./notebook";
export { RESULTS, ROOT } from "./paths";
export { comparePictures, expectPicture } from "./picture";
export { setSetting } from "./settings";
export { shareJupyterLab, test } from "./test";
export { ready, view } from "./view";
export { openInteractive, openVscode, type VscodeNotebook, type VscodeOptions } from "./vscode";
