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
import { NotebookList } from "./notebook-list";
import { applyTheme, type ThemeName } from "./themes";

/** The flags that `webview/browser/pre/index.html` in VS Code sets on the frame of a notebook's outputs. */
const SANDBOX = "allow-same-origin allow-pointer-lock allow-scripts allow-downloads allow-forms";
const ALLOWED = "cross-origin-isolated; autoplay; clipboard-read; clipboard-write";

export interface WorkbenchOptions {
  readonly kernel: KernelOptions;
  /** Whether the tab is an Interactive Window: it follows its newest cell, and a field for code lies below it. */
  readonly isInteractive: boolean;
  readonly theme: ThemeName;
  /** The URL of the webview, on another site than the workbench, so that it has its own process as in VS Code. */
  readonly webview: string;
}

export class Workbench {
  readonly #extensionHost = new Worker("extension-host.js");
  readonly #running = new Map<string, (result: Executed) => void>();
  readonly #outputs: Output[] = [];
  /** The keys on which a keymap could act, in the order in which they were pressed in the webview. */
  readonly keys: string[] = [];
  readonly #list: NotebookList;
  #frame: HTMLIFrameElement | undefined;
  #loaded: () => void = () => {};
  #started: () => void = () => {};
  #theme: ThemeName;
  #count = 0;

  constructor(readonly options: WorkbenchOptions) {
    this.#theme = options.theme;
    this.#list = new NotebookList(document.getElementById("notebook") as HTMLElement, options.isInteractive);
    (document.getElementById("input") as HTMLElement).hidden = !options.isInteractive;
    this.#extensionHost.onmessage = ({ data }) => this.#fromExtensionHost(JSON.parse(data));
    addEventListener("message", ({ source, data }) => {
      if (source === this.#frame?.contentWindow) this.#fromWebview(data);
    });
  }

  async start(): Promise<void> {
    applyTheme(this.#theme);
    await this.connect(this.options.kernel);
    await this.openWebview();
  }

  async connect(kernel: KernelOptions): Promise<void> {
    const url = `ws://${location.host}/api/kernels/${kernel.id}/channels?session_id=${kernel.clientId}`;
    const started = new Promise<void>((resolve) => {
      this.#started = resolve;
    });
    this.#tellExtensionHost({ type: "start", url, options: kernel });
    await started;
  }

  /** Closes the notebook's tab. A kernel that VS Code has started itself ends with it. */
  closeTab(endsKernel: boolean): void {
    this.#frame?.remove();
    this.#frame = undefined;
    this.#tellExtensionHost({ type: "close", endsKernel });
  }

  async openWebview(): Promise<void> {
    const loaded = new Promise<void>((resolve) => {
      this.#loaded = resolve;
    });
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", SANDBOX);
    frame.setAttribute("allow", ALLOWED);
    frame.src = this.options.webview;
    this.#frame = frame;
    this.#list.box.append(frame);
    this.#list.layOut();
    await loaded;
    this.#tellWebview({ type: "theme", theme: this.#theme });
    const tops = new Map(this.#list.layOut().map(({ id, top }) => [id, top]));
    for (const output of this.#outputs) this.#tellWebview({ type: "output", output, top: tops.get(output.id) ?? 0 });
  }

  /** Scrolls the notebook by CSS pixels. */
  scroll(delta: number): void {
    this.#list.scroll(delta);
  }

  setTheme(theme: ThemeName): void {
    this.#theme = theme;
    applyTheme(theme);
    this.#tellWebview({ type: "theme", theme });
  }

  execute(code: string, isCell: boolean): Promise<Executed> {
    const id = String(this.#count++);
    if (isCell) this.#list.addCell(id, code);
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
      this.#tellWebview({ type: "output", output: message.output, top: this.#list.addOutput(message.output) });
    }
    if (message.type === "executed") {
      this.#running.get(message.id)?.(message.result);
      this.#running.delete(message.id);
    }
  }

  #fromWebview(message: WebviewToWorkbench | FromWebview): void {
    if (message.type === "loaded") this.#loaded();
    else if (message.type === "dimension") {
      this.#list.resize(message.id, message.height);
      this.#tellWebview({ type: "layout", places: this.#list.layOut() });
    } else if (message.type === "did-scroll-wheel") this.#list.scroll(message.delta);
    else if (message.type === "did-keydown") this.keys.push(message.key);
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
