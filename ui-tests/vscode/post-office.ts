import type { FromWebview, ToWebview, WebviewToWorkbench, WorkbenchToWebview } from "./messages";

type Message = ToWebview | WorkbenchToWebview;

/** Sends and receives the webview's messages. */
export class PostOffice {
  /** Kept before the page loses access to it. */
  readonly #parent = window.parent;

  tellWorkbench(message: WebviewToWorkbench): void {
    this.#parent.postMessage(message, "*");
  }

  tellExtensionHost(message: FromWebview): void {
    this.#parent.postMessage(message, "*");
  }

  hear(handle: (message: Message) => void): void {
    addEventListener("message", ({ data }) => handle(data));
  }
}
