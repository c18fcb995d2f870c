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
import type { FromExtensionHost, FromWebview, KernelOptions, ToExtensionHost, ToWebview } from "./messages";

const PROTOCOL = "v1.kernel.websocket.jupyter.org";

class ExtensionHost {
  readonly #socket: WebSocket;
  readonly #executions = new Executions((output) => tell({ type: "output", output }));

  constructor(
    url: string,
    readonly options: KernelOptions,
  ) {
    this.#socket = new WebSocket(url, [PROTOCOL]);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onopen = () => tell({ type: "started" });
    this.#socket.onmessage = ({ data }) => this.#hear(deserialize(data, PROTOCOL));
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
      session: this.options.clientId,
      username: "",
      content: { code, silent: false, store_history: isCell, allow_stdin: false, stop_on_error: true },
    });
    if (isCell) tellWebview({ type: "mirror-execute", message });
    this.#send(message);
    tell({ type: "executed", id, result: await this.#executions.follow(message.header.msg_id, isCell) });
  }

  async fromWebview(message: FromWebview): Promise<void> {
    if (message.type === "ready") tellWebview({ type: "kernel-options", options: this.options });
    if (message.type === "message") this.#send(JSON.parse(message.data));
    if (message.type === "binary-message") this.#send(deserialize(new Uint8Array(message.data).buffer));
    if (message.type === "script-source-request") {
      tellWebview({ type: "script-source", module: message.module, path: await source(message.module) });
    }
  }

  #send(message: KernelMessage.IMessage): void {
    this.#socket.send(serialize(message, PROTOCOL));
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
  let host: ExtensionHost | undefined;
  addEventListener("message", ({ data }) => {
    const message: ToExtensionHost = JSON.parse(data);
    if (message.type === "start") host = new ExtensionHost(message.url, message.options);
    else if (message.type === "execute") void host?.execute(message.id, message.code, message.isCell);
    else void host?.fromWebview(message.message);
  });
}

start();
