/** Plays the workbench: it holds the notebook's outputs, passes them to a webview, and carries messages. */
import type {
  Executed,
  FromExtensionHost,
  FromWebview,
  KernelOptions,
  Output,
  ToExtensionHost,
  ToWebview,
  WebviewToWorkbench,
  WorkbenchToWebview,
} from "./messages";
import { applyTheme, type ThemeName } from "./themes";

/** The flags that `webview/browser/pre/index.html` in VS Code sets on the frame of a notebook's outputs. */
const SANDBOX = "allow-same-origin allow-pointer-lock allow-scripts allow-downloads allow-forms";
const ALLOWED = "cross-origin-isolated; autoplay; clipboard-read; clipboard-write";

export interface WorkbenchOptions {
  readonly kernel: KernelOptions;
  readonly theme: ThemeName;
  /** The URL of the webview, on another site than the workbench, so that it has its own process as in VS Code. */
  readonly webview: string;
}

export class Workbench {
  readonly #extensionHost = new Worker("extension-host.js");
  readonly #running = new Map<string, (result: Executed) => void>();
  readonly #outputs: Output[] = [];
  #frame: HTMLIFrameElement | undefined;
  #loaded: () => void = () => {};
  #started: () => void = () => {};
  #theme: ThemeName;
  #count = 0;

  constructor(readonly options: WorkbenchOptions) {
    this.#theme = options.theme;
    this.#extensionHost.onmessage = ({ data }) => this.#fromExtensionHost(JSON.parse(data));
    addEventListener("message", ({ source, data }) => {
      if (source === this.#frame?.contentWindow) this.#fromWebview(data);
    });
  }

  async start(): Promise<void> {
    applyTheme(this.#theme);
    const { kernel } = this.options;
    const url = `ws://${location.host}/api/kernels/${kernel.id}/channels?session_id=${kernel.clientId}`;
    const started = new Promise<void>((resolve) => {
      this.#started = resolve;
    });
    this.#tellExtensionHost({ type: "start", url, options: kernel });
    await started;
    await this.openWebview();
  }

  /** Opens the webview and discards an open one, as when a notebook's tab is closed and opened again. */
  async openWebview(): Promise<void> {
    const loaded = new Promise<void>((resolve) => {
      this.#loaded = resolve;
    });
    this.#frame?.remove();
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", SANDBOX);
    frame.setAttribute("allow", ALLOWED);
    frame.src = this.options.webview;
    this.#frame = frame;
    document.body.append(frame);
    await loaded;
    this.#tellWebview({ type: "theme", theme: this.#theme });
    for (const output of this.#outputs) this.#tellWebview({ type: "output", output });
  }

  setTheme(theme: ThemeName): void {
    this.#theme = theme;
    applyTheme(theme);
    this.#tellWebview({ type: "theme", theme });
  }

  execute(code: string, isCell: boolean): Promise<Executed> {
    const id = String(this.#count++);
    return new Promise((resolve) => {
      this.#running.set(id, resolve);
      this.#tellExtensionHost({ type: "execute", id, code, isCell });
    });
  }

  #fromExtensionHost(message: FromExtensionHost): void {
    if (message.type === "started") this.#started();
    if (message.type === "to-webview") this.#tellWebview(message.message);
    if (message.type === "output") {
      this.#outputs.push(message.output);
      this.#tellWebview(message);
    }
    if (message.type === "executed") {
      this.#running.get(message.id)?.(message.result);
      this.#running.delete(message.id);
    }
  }

  #fromWebview(message: WebviewToWorkbench | FromWebview): void {
    if (message.type === "loaded") this.#loaded();
    else if (message.type === "height") this.#frame?.style.setProperty("height", `${message.height}px`);
    else if (message.type === "clicked-data-url") save(message.data, message.name);
    else this.#tellExtensionHost({ type: "from-webview", message });
  }

  #tellExtensionHost(message: ToExtensionHost): void {
    this.#extensionHost.postMessage(JSON.stringify(message));
  }

  #tellWebview(message: ToWebview | WorkbenchToWebview): void {
    this.#frame?.contentWindow?.postMessage(message, "*");
  }
}

/** VS Code asks where to save the file; here the browser saves it. */
function save(data: string, name: string): void {
  const link = document.createElement("a");
  link.href = data;
  link.download = name;
  link.click();
}

declare global {
  interface Window {
    openWorkbench(options: WorkbenchOptions): Promise<void>;
    workbench: Workbench;
  }
}

window.openWorkbench = async (options) => {
  window.workbench = new Workbench(options);
  await window.workbench.start();
};
