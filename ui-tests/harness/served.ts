import { inject } from "vitest";

/** The servers of one worker. Its tests may end all kernels there, and reset settings. */
export interface Served {
  /** The URL of JupyterLab, without a trailing slash. */
  readonly url: string;
  /** The folder that JupyterLab serves. */
  readonly root: string;
  /** The folder where JupyterLab keeps the user's settings. */
  readonly settings: string;
  /** The URL of the VS Code host. */
  readonly vscode: string;
  /** The address at which the running browser accepts connections. Pages of one browser share its clipboard. */
  readonly browser: string;
}

declare module "vitest" {
  interface ProvidedContext {
    /** One for each worker. */
    served: readonly Served[];
  }
}

/** The servers of the worker that runs this test. */
export function served(): Served {
  const worker = Number(process.env.VITEST_POOL_ID);
  const mine = inject("served")[worker - 1];
  if (!mine) throw new Error(`No server was started for worker ${worker}.`);
  return mine;
}
