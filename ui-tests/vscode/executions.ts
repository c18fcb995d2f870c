import type { KernelMessage } from "@jupyterlab/services";
import type { Executed, Output } from "./messages";

interface Execution {
  /** The cell that runs; null for code that belongs to none. */
  readonly cell: string | null;
  readonly resolve: (result: Executed) => void;
  text: string;
  error: string;
  outputs: number;
  hasReply: boolean;
  isIdle: boolean;
}

/** Follows the kernel's messages about the code that it runs. */
export class Executions {
  readonly #running = new Map<string, Execution>();

  /** `show` receives what cells display. */
  constructor(readonly show: (output: Output) => void) {}

  /** Resolves once the kernel has answered a request and is idle again. */
  follow(id: string, cell: string | null): Promise<Executed> {
    return new Promise((resolve) => {
      const start = { text: "", error: "", outputs: 0, hasReply: false, isIdle: false };
      this.#running.set(id, { cell, resolve, ...start });
    });
  }

  hear({ header, content, parent_header }: KernelMessage.IMessage): void {
    const id = "msg_id" in parent_header ? parent_header.msg_id : "";
    const execution = this.#running.get(id);
    if (!execution) return;
    if (header.msg_type === "stream") addStream(execution, content as KernelMessage.IStreamMsg["content"]);
    if (header.msg_type === "error") execution.error = (content as { traceback: string[] }).traceback.join("\n");
    if (header.msg_type === "display_data" || header.msg_type === "execute_result") {
      this.#display(execution, id, (content as { data: Record<string, unknown> }).data);
    }
    if (header.msg_type === "execute_reply") execution.hasReply = true;
    if (header.msg_type === "status")
      execution.isIdle = (content as { execution_state: string }).execution_state === "idle";
    if (!execution.hasReply || !execution.isIdle) return;
    this.#running.delete(id);
    execution.resolve({ text: execution.text, error: execution.error });
  }

  #display(execution: Execution, id: string, data: Record<string, unknown>): void {
    const { cell } = execution;
    execution.text += data["text/plain"] ?? "";
    if (cell !== null) this.show({ id: `${id}-${execution.outputs++}`, cell, data });
  }
}

function addStream(execution: Execution, { name, text }: KernelMessage.IStreamMsg["content"]): void {
  if (name === "stdout") execution.text += text;
}
