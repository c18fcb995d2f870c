import type { FromWebview, ToWebview, WebviewToWorkbench, WorkbenchToWebview } from "./messages";

type Message = ToWebview | WorkbenchToWebview;

/** The webview's messages. */
export class PostOffice {
  /** Kept before the page is cut off from it. */
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
