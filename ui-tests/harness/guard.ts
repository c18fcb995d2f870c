import type { Page } from "playwright-core";

interface Exception {
  readonly pattern: RegExp;
  readonly why: string;
}

/** Complaints that have nothing to do with Headscope: they come without it as well. */
const EXCEPTIONS: readonly Exception[] = [
  { pattern: /reading 'schema'[\s\S]*notebook_core/, why: "Notebook 7.6 reads a setting that it does not ship" },
  {
    pattern: /'filebrowser:open-path' not registered[\s\S]*notebook_core/,
    why: "Notebook 7.6 calls a command of the file browser, which a notebook's page has not",
  },
];

/** What went wrong on a page that no assertion may have looked at. */
export class Guard {
  readonly #problems: string[] = [];
  readonly #exceptions: Exception[] = [...EXCEPTIONS];

  private constructor(readonly page: Page) {}

  /** Watches a page, and cuts it off from everything but this machine. */
  static async watch(page: Page): Promise<Guard> {
    const guard = new Guard(page);
    page.on("pageerror", (error) => guard.#add(`Uncaught ${error.stack ?? error.message}`));
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

  /** Lets a complaint pass that the test brings about on purpose. */
  allow(pattern: RegExp, why: string): void {
    this.#exceptions.push({ pattern, why });
  }

  /** Fails with what went wrong, less what is let through: what `other` lets through too, where it is given. */
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
