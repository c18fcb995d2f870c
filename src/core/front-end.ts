import { CONTRACT_VERSION } from "../contract.gen";

/** No version is in this name: by it those of different versions find out that they are. */
const FRONT_END = Symbol.for("headscope.front-end");

interface Page {
  [FRONT_END]?: { readonly contract: number };
}

/** Tells the views of this page which version of the contract the front end's own code follows. */
export function announceFrontEnd(contract = CONTRACT_VERSION): void {
  (globalThis as Page)[FRONT_END] = { contract };
}

/** Why a view and the front end may not understand each other, and what helps; null where they follow one contract. */
export function skewOf(kernel: number): string | null {
  const lab = (globalThis as Page)[FRONT_END]?.contract;
  if (lab === undefined || lab === kernel) return null;
  const [older, newer] = lab < kernel ? ["JupyterLab", "the kernel"] : ["the kernel", "JupyterLab"];
  return (
    `The Headscope of ${older} is older than that of ${newer}: side panel, tabs and saved pictures may fail. ` +
    `Run pip install --upgrade headscope where ${older} runs, restart it, then reload this page.`
  );
}
