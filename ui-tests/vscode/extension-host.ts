/**
 * Plays the extension host in a worker, and does what the Jupyter extension's `IPyWidgetMessageDispatcher` does.
 * The kernel in the webview only seems to be connected: all its messages, in both directions, pass through here. As
 * with VS Code's own connection to a local kernel, text messages are JSON and messages with buffers use the older
 * binary form of the protocol.
 */
import type { KernelMessage } from "@jupyterlab/services";
import { createMessage } from "@jupyterlab/services/lib/kernel/messages";
import { deserialize, serialize } from "@jupyterlab/services/lib/kernel/serialize";
import { Executions } from "./executions";
import {
  type FromExtensionHost,
  type FromWebview,
  type KernelOptions,
  type Output,
  type ToExtensionHost,
  type ToWebview,
  WIDGET,
  type WidgetData,
} from "./messages";

const PROTOCOL = "v1.kernel.websocket.jupyter.org";

class ExtensionHost {
  readonly #executions = new Executions((output) => this.#show(output));
  /** The widgets that the open notebook has displayed. It forgets them when it closes. */
  readonly #displayed = new Set<string>();
  #socket: WebSocket | undefined;
  #options: KernelOptions | undefined;
  #isWebviewReady = false;

  connect(url: string, options: KernelOptions): void {
    const socket = new WebSocket(url, [PROTOCOL]);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => tell({ type: "started" });
    socket.onmessage = ({ data }) => this.#hear(deserialize(data, PROTOCOL));
    this.#socket = socket;
    this.#options = options;
    if (this.#isWebviewReady) tellWebview({ type: "kernel-options", options });
  }

  /** Forgets the notebook whose tab has closed, and with `endsKernel` its kernel too. */
  close(endsKernel: boolean): void {
    this.#displayed.clear();
    this.#isWebviewReady = false;
    if (!endsKernel) return;
    this.#socket?.close();
    this.#socket = undefined;
    this.#options = undefined;
  }

  #show(output: Output): void {
    const widget = output.data[WIDGET] as WidgetData | undefined;
    if (widget) this.#displayed.add(widget.model_id);
    tell({ type: "output", output });
  }

  #hear(message: KernelMessage.IMessage): void {
    const data = serialize(message);
    if (typeof data === "string") tellWebview({ type: "message", data });
    else tellWebview({ type: "binary-message", data: [...new Uint8Array(data)] });
    this.#executions.hear(message);
  }

  async execute(id: string, code: string, isCell: boolean): Promise<void> {
    const message = createMessage<KernelMessage.IExecuteRequestMsg>({
      msgType: "execute_request",
      channel: "shell",
      session: this.#options?.clientId ?? "",
      username: "",
      content: { code, silent: false, store_history: isCell, allow_stdin: false, stop_on_error: true },
    });
    if (isCell) tellWebview({ type: "mirror-execute", message });
    this.#send(message);
    tell({ type: "executed", id, result: await this.#executions.follow(message.header.msg_id, isCell ? id : null) });
  }

  async fromWebview(message: FromWebview): Promise<void> {
    if (message.type === "ready") {
      this.#isWebviewReady = true;
      if (this.#options) tellWebview({ type: "kernel-options", options: this.#options });
    }
    if (message.type === "query-widget-state") {
      const { model } = message;
      tellWebview({ type: "widget-state", model, isKnown: this.#displayed.has(model) });
    }
    if (message.type === "message") this.#send(JSON.parse(message.data));
    if (message.type === "binary-message") this.#send(deserialize(new Uint8Array(message.data).buffer));
    if (message.type === "script-source-request") {
      tellWebview({ type: "script-source", module: message.module, path: await source(message.module) });
    }
  }

  #send(message: KernelMessage.IMessage): void {
    this.#socket?.send(serialize(message, PROTOCOL));
  }
}

/** The URL of a widget's script in the kernel's environment; null if there is none. */
async function source(module: string): Promise<string | null> {
  const sources: Record<string, string> = await (await fetch("/script-sources")).json();
  return sources[module] ?? null;
}

/** All messages from VS Code's extension host to its window become JSON. */
function tell(message: FromExtensionHost): void {
  postMessage(JSON.stringify(message));
}

function tellWebview(message: ToWebview): void {
  tell({ type: "to-webview", message });
}

function start(): void {
  const host = new ExtensionHost();
  addEventListener("message", ({ data }) => {
    const message: ToExtensionHost = JSON.parse(data);
    if (message.type === "start") host.connect(message.url, message.options);
    else if (message.type === "close") host.close(message.endsKernel);
    else if (message.type === "execute") void host.execute(message.id, message.code, message.isCell);
    else void host.fromWebview(message.message);
  });
}

start();
