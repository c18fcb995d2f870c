import { inject } from "vitest";

/** What one worker's tests have to themselves: they end all kernels, and reset settings. */
export interface Served {
  /** Where JupyterLab answers, without a slash at the end. */
  readonly url: string;
  /** The folder that JupyterLab serves. */
  readonly root: string;
  /** The folder where JupyterLab keeps the user's settings. */
  readonly settings: string;
  /** Where the VS Code host is. */
  readonly vscode: string;
  /** Where the running browser takes connections: pages of one browser share its clipboard. */
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
