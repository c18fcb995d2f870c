import type { Kernel, KernelMessage } from "@jupyterlab/services";
import type { Widget } from "@lumino/widgets";
import { type Output, type Place, type ToWebview, WIDGET, type WidgetData } from "./messages";
import type { PostOffice } from "./post-office";
import { createProxyKernel } from "./proxy-kernel";
import { ScriptLoader } from "./script-loader";

/** The MIME types that have a renderer here, in the order in which VS Code prefers them. */
const ORDER = [WIDGET, "image/png", "text/plain"] as const;

/** The name of the error by which a renderer asks VS Code to show the output's next MIME type. */
const FALLBACK = "vscode.fallbackToNextRenderer";

/** The public interface of the widget manager in `@vscode/jupyter-ipywidgets8`. */
interface WidgetManager {
  get_model(id: string): Promise<unknown> | undefined;
  create_view(model: unknown, options: { el: HTMLElement }): Promise<unknown>;
  display_view(data: WidgetData, view: unknown, options: { node: HTMLElement }): Promise<Widget>;
}

declare global {
  interface Window {
    vscIPyWidgets8: { load(): void };
    vscIPyWidgets: {
      WidgetManager: new (
        kernel: Kernel.IKernelConnection,
        container: undefined,
        loader: ScriptLoader,
        log: (text: string) => void,
      ) => WidgetManager;
    };
  }
}

/** Shows what cells display: widgets through VS Code's own manager, everything else as text. */
export class Outputs {
  #manager: WidgetManager | undefined;
  readonly #displayed = new Map<string, PromiseWithResolvers>();
  readonly #loader: ScriptLoader;

  constructor(
    readonly container: HTMLElement,
    readonly office: PostOffice,
  ) {
    this.#loader = new ScriptLoader(office);
  }

  async start(): Promise<void> {
    const address = new URL("ipywidgets.js", document.baseURI).href;
    const { activate } = (await import(address)) as { activate(): void };
    activate();
    window.vscIPyWidgets8.load();
    this.office.hear((message) => {
      const { type, ...rest } = message as ToWebview;
      if (type === "kernel-options") this.#connect((rest as ToWebview & { type: "kernel-options" }).options);
    });
  }

  #connect(options: Parameters<typeof createProxyKernel>[0]): void {
    const kernel = createProxyKernel(options, this.office);
    this.#manager = new window.vscIPyWidgets.WidgetManager(kernel, undefined, this.#loader, () => {});
    kernel.iopubMessage.connect((_, message) => void this.#prime(message));
  }

  /** Shows a widget once the manager has seen the message that displays it, and therefore all messages before it. */
  async #prime({ header, content }: KernelMessage.IIOPubMessage): Promise<void> {
    if (header.msg_type !== "display_data" && header.msg_type !== "execute_result") return;
    const data = (content as { data: Record<string, unknown> }).data[WIDGET] as WidgetData | undefined;
    if (!data) return;
    const { resolve, reject } = this.#waiting(data.model_id);
    await Promise.resolve(this.#manager?.get_model(data.model_id)).then(resolve, reject);
  }

  #waiting(id: string): PromiseWithResolvers {
    const waiting = this.#displayed.get(id) ?? withResolvers();
    this.#displayed.set(id, waiting);
    return waiting;
  }

  show({ id, data }: Output, top: number): void {
    this.#renderFirst(data, this.#outputElement(id, top)).catch((error) => console.error(error));
  }

  place(places: readonly Place[]): void {
    for (const { id, top } of places) {
      const cell = document.getElementById(id)?.closest<HTMLElement>(".cell_container");
      if (cell) cell.style.top = `${top}px`;
    }
  }

  /** Shows the first MIME type whose renderer does not ask for the next one. */
  async #renderFirst(data: Output["data"], element: HTMLElement): Promise<void> {
    const renderers = {
      [WIDGET]: () => this.#renderWidget(data[WIDGET] as WidgetData, element),
      "image/png": () => renderPicture(data["image/png"] as string, element),
      "text/plain": () => renderText(data["text/plain"] as string, element),
    };
    for (const type of ORDER.filter((type) => type in data)) {
      try {
        return await renderers[type]();
      } catch (error) {
        if ((error as Error).name !== FALLBACK) throw error;
      }
    }
  }

  /**
   * As the Jupyter extension's renderer: a widget that the open notebook has not displayed is left to the next MIME
   * type, and one that can't be drawn is an error in the log.
   */
  async #renderWidget(data: WidgetData, container: HTMLElement): Promise<void> {
    if (!(await this.#isKnown(data.model_id))) throw Object.assign(new Error("unknown widget"), { name: FALLBACK });
    container.classList.add("cell-output-ipywidget-background");
    const element = document.createElement("div");
    element.className = "cell-output-ipywidget-background";
    const inner = document.createElement("div");
    inner.className = "cell-output cell-output";
    element.append(inner);
    container.append(element);
    await this.#waiting(data.model_id).promise;
    const model = await this.#manager?.get_model(data.model_id);
    const view = await this.#manager?.create_view(model, { el: element });
    await this.#manager?.display_view(data, view, { node: element });
  }

  #isKnown(model: string): Promise<boolean> {
    return new Promise((resolve) => {
      this.office.hear((message) => {
        if (message.type === "widget-state" && message.model === model) resolve(message.isKnown);
      });
      this.office.tellExtensionHost({ type: "query-widget-state", model });
    });
  }

  #outputElement(id: string, top: number): HTMLElement {
    const output = document.createElement("div");
    output.className = "output";
    output.id = id;
    const holder = document.createElement("div");
    holder.className = "output_container";
    holder.append(output);
    const cell = document.createElement("div");
    cell.className = "cell_container";
    cell.style.top = `${top}px`;
    cell.append(holder);
    this.container.append(cell);
    new ResizeObserver(() => {
      this.office.tellWorkbench({ type: "dimension", id, height: output.offsetHeight });
    }).observe(output);
    return output;
  }
}

/** VS Code's own renderer of pictures heeds no size of the output's metadata. */
function renderPicture(png: string, element: HTMLElement): void {
  const picture = document.createElement("img");
  picture.src = `data:image/png;base64,${png}`;
  element.append(picture);
}

function renderText(text: string, element: HTMLElement): void {
  element.textContent = text;
}

interface PromiseWithResolvers {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

function withResolvers(): PromiseWithResolvers {
  let resolve: () => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<void>((settle, fail) => {
    resolve = settle;
    reject = fail;
  });
  return { promise, resolve, reject };
}
