/// <reference types="requirejs" />
import type { ToWebview } from "./messages";
import type { PostOffice } from "./post-office";

/** Loads the scripts of widgets that the manager does not have, from the kernel's environment with RequireJS. */
export class ScriptLoader {
  readonly widgetsRegisteredInRequireJs = new Set<string>();
  readonly #waiting = new Map<string, () => void>();

  constructor(readonly office: PostOffice) {
    office.hear((message) => {
      if (message.type === "script-source") this.#register(message);
    });
  }

  loadWidgetScript(module: string): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.set(module, resolve);
      this.office.tellExtensionHost({ type: "script-source-request", module });
    });
  }

  #register({ module, path }: ToWebview & { type: "script-source" }): void {
    if (path !== null) {
      requirejs.config({ paths: { [module]: new URL(path, document.baseURI).href } });
      this.widgetsRegisteredInRequireJs.add(module);
    }
    this.#waiting.get(module)?.();
    this.#waiting.delete(module);
  }

  successHandler(): void {}

  errorHandler(className: string, module: string, version: string, error: unknown): void {
    console.error(`Could not load ${className} of ${module} ${version}: ${error}`);
  }
}
