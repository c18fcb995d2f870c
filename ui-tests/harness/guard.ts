import type { Page } from "playwright-core";

interface Exception {
  readonly pattern: RegExp;
  readonly why: string;
}

/** Messages that have nothing to do with Headscope and appear without it too. */
const EXCEPTIONS: readonly Exception[] = [
  { pattern: /reading 'schema'[\s\S]*notebook_core/, why: "Notebook 7.6 reads a setting that it does not ship" },
  {
    pattern: /'filebrowser:open-path' not registered[\s\S]*notebook_core/,
    why: "Notebook 7.6 calls a command of the file browser, which a notebook's page has not",
  },
  {
    pattern: /Could not restore the debugger state: (Canceled future for debug_request|Kernel name is not defined)/,
    why: "a notebook was closed while JupyterLab's debugger was asking its kernel",
  },
  {
    pattern: /Per comm-target subshell creation failed: Error: Canceled future for create_subshell_request/,
    why: "a notebook was closed while JupyterLab was asking its kernel for the widgets' thread",
  },
  {
    pattern: /reading 'addWidget'[\s\S]*jupyterlab-manager/,
    why: "a notebook was closed while ipywidgets was about to show a widget in it",
  },
];

/** Collects errors of a page that an assertion may miss. */
export class Guard {
  #problems: string[] = [];
  #exceptions: Exception[] = [...EXCEPTIONS];

  private constructor(readonly page: Page) {}

  /** Watches a page, and blocks its access to everything except this machine. */
  static async watch(page: Page): Promise<Guard> {
    const guard = new Guard(page);
    page.on("pageerror", (error) => guard.#add(`Uncaught ${error.stack || error}`));
    page.on("console", (message) => {
      if (message.type() === "error") guard.#add(`Console: ${message.text()} (${message.location().url})`);
    });
    await page.context().route(
      (url) => !isLocal(url),
      (route) => {
        guard.#add(`Request to the network: ${route.request().url()}`);
        return route.abort();
      },
    );
    return guard;
  }

  /** Forgets what an earlier test on the same page has seen and allowed. */
  renew(): void {
    this.#problems = [];
    this.#exceptions = [...EXCEPTIONS];
  }

  /** Allows a message that the test provokes on purpose. */
  allow(pattern: RegExp, why: string): void {
    this.#exceptions.push({ pattern, why });
  }

  /** Fails if there are errors, except those that are allowed, here or in `other`. */
  check(other: Guard = this): void {
    const exceptions = [...this.#exceptions, ...other.#exceptions];
    const problems = this.#problems.filter((text) => !exceptions.some(({ pattern }) => pattern.test(text)));
    if (problems.length > 0) throw new Error(`The page reported problems:\n${problems.join("\n")}`);
  }

  #add(problem: string): void {
    this.#problems.push(problem);
  }
}

function isLocal(url: URL): boolean {
  return (
    ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname) || ["data:", "blob:", "file:"].includes(url.protocol)
  );
}
