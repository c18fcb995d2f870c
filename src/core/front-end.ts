import { CONTRACT_VERSION, VERSION } from "../contract.gen";

/** Which Headscope something on the page belongs to. */
export interface Edition {
  readonly version: string;
  readonly contract: number;
}

/** That of this copy of the code: of the kernel's package in a Store, of the extension in JupyterLab's own. */
export const EDITION: Edition = { version: VERSION, contract: CONTRACT_VERSION };

/** What brings the Headscope of an environment up to date. */
export const UPGRADE = "pip install --upgrade headscope";

/** No version is in this name: by it those of different versions find out that they are. */
const FRONT_END = Symbol.for("headscope.front-end");

interface Page {
  [FRONT_END]?: Edition;
}

/** Tells the views of this page which Headscope the front end has. */
export function announceFrontEnd(edition = EDITION): void {
  (globalThis as Page)[FRONT_END] = edition;
}

/** Why a view and the front end may not understand each other, and what helps; null where they follow one contract. */
export function skewOf(kernel: Edition): string | null {
  const server = (globalThis as Page)[FRONT_END];
  if (!server || server.contract === kernel.contract) return null;
  const isBehind = server.contract < kernel.contract;
  const [older, newer] = isBehind ? [server, kernel] : [kernel, server];
  const [place, other] = isBehind ? ["the Jupyter server", "the kernel"] : ["the kernel", "the Jupyter server"];
  return (
    `The Headscope of ${place} (${older.version}) is older than that of ${other} (${newer.version}): side panel, ` +
    `tabs and saved pictures may fail. Run ${UPGRADE} in the environment of ${place}, ` +
    "restart it, then reload this page."
  );
}

/** As `skewOf`, and how the versions differ where they follow one contract: for places that list what there is. */
export function differenceOf(kernel: Edition | undefined): string | null {
  const server = (globalThis as Page)[FRONT_END];
  if (!server || !kernel) return null;
  if (server.contract !== kernel.contract || server.version === kernel.version) return skewOf(kernel);
  return (
    `This capture comes from Headscope ${kernel.version}; the Jupyter server has ${server.version}. They work ` +
    `together, but what is new in one of them is missing in the other: ${UPGRADE} brings both to one version.`
  );
}
