import { type Kernel, type KernelMessage, ServerConnection } from "@jupyterlab/services";
import { KernelConnection } from "@jupyterlab/services/lib/kernel/default";
import type { KernelOptions, ToWebview } from "./messages";
import type { PostOffice } from "./post-office";

/** The socket of a kernel connection whose other end is the extension host. */
class ProxySocket {
  onopen: ((event: unknown) => void) | null = null;
  onmessage: ((event: unknown) => void) | null = null;
  onclose: unknown = null;
  onerror: unknown = null;
  readonly protocol = "";
  readonly readyState = 1;
  isOpen = true;

  constructor(readonly office: PostOffice) {}

  close(): void {}

  send(data: string | ArrayBuffer): void {
    if (!this.isOpen) return;
    if (typeof data === "string") this.office.tellExtensionHost({ type: "message", data });
    else this.office.tellExtensionHost({ type: "binary-message", data: [...new Uint8Array(data)] });
  }

  receive(data: string | ArrayBuffer): void {
    this.onmessage?.({ target: this, data, type: "" });
  }
}

/**
 * A kernel connection without a server, as the Jupyter extension makes one.
 * It never requests the kernel's info, and so never learns about subshells.
 */
export function createProxyKernel(options: KernelOptions, office: PostOffice): Kernel.IKernelConnection {
  const socket = new ProxySocket(office);
  const kernel = new KernelConnection({
    serverSettings: ServerConnection.makeSettings({
      WebSocket: function connect() {
        return socket;
      } as unknown as typeof WebSocket,
      wsUrl: "BOGUS_PVSC",
    }),
    clientId: options.clientId,
    handleComms: true,
    username: "",
    model: { id: options.id, name: options.name },
  });
  open(kernel, socket);
  office.hear((message) => receive(kernel, socket, message as ToWebview));
  return kernel;
}

/** JupyterLab's connection begins by requesting the kernel's info, which the extension host has already done. */
function open(kernel: Kernel.IKernelConnection, socket: ProxySocket): void {
  const { requestKernelInfo } = kernel;
  kernel.requestKernelInfo = () => Promise.resolve(undefined);
  socket.onopen?.({ target: socket });
  kernel.requestKernelInfo = requestKernelInfo;
}

function receive(kernel: Kernel.IKernelConnection, socket: ProxySocket, message: ToWebview): void {
  if (message.type === "message") socket.receive(message.data);
  if (message.type === "binary-message") socket.receive(new Uint8Array(message.data).buffer);
  if (message.type === "mirror-execute") mirror(kernel, socket, message.message);
}

/**
 * Tells the connection about code that the extension host has sent, so that it accepts the resulting messages as its
 * own.
 */
function mirror(
  kernel: Kernel.IKernelConnection,
  socket: ProxySocket,
  message: KernelMessage.IExecuteRequestMsg,
): void {
  socket.isOpen = false;
  try {
    kernel.sendShellMessage(message, false, message.content.silent);
  } finally {
    socket.isOpen = true;
  }
}
