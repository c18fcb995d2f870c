import { CONTRACT_VERSION, VERSION } from "../../contract.gen";

/** Identifies the Headscope to which a part of the page belongs. */
export interface Edition {
  readonly version: string;
  readonly contract: number;
}

/**
 * The edition of this copy of the code: in a Store that of the kernel's package, in JupyterLab that of the extension.
 */
export const EDITION: Edition = { version: VERSION, contract: CONTRACT_VERSION };

/** The command that updates Headscope in an environment. */
export const UPGRADE = "pip install --upgrade headscope";

/** This name has no version, so that different versions can find out that they differ. */
const FRONT_END = Symbol.for("headscope.front-end");

interface Page {
  [FRONT_END]?: Edition;
}

/** Tells the views of this page which Headscope the front end has. */
export function announceFrontEnd(edition = EDITION): void {
  (globalThis as Page)[FRONT_END] = edition;
}

/**
 * Explains why a view and the front end may not understand each other, and what helps; null if they share a contract.
 */
export function skewOf(kernel: Edition): string | null {
  const server = (globalThis as Page)[FRONT_END];
  if (!server || server.contract === kernel.contract) return null;
  const isBehind = server.contract < kernel.contract;
  const [older, newer] = isBehind ? [server, kernel] : [kernel, server];
  const [place, other] = isBehind ? ["the Jupyter server", "the kernel"] : ["the kernel", "the Jupyter server"];
  return (
    `The Headscope of ${place} (${older.version}) is older than that of ${other} (${newer.version}): the side panel, ` +
    `tabs and saved pictures may fail. Run ${UPGRADE} in the environment of ${place}, ` +
    "restart it, then reload this page."
  );
}

/** Like `skewOf`, but also reports different versions that share a contract. For places that list captures. */
export function differenceOf(kernel: Edition | undefined): string | null {
  const server = (globalThis as Page)[FRONT_END];
  if (!server || !kernel) return null;
  if (server.contract !== kernel.contract || server.version === kernel.version) return skewOf(kernel);
  return (
    `This capture comes from Headscope ${kernel.version}; the Jupyter server has ${server.version}. They work ` +
    `together, but what is new in one of them is missing in the other: ${UPGRADE} brings both to one version.`
  );
}
