import type { KernelModel } from "../sources/kernel/kernel-status";

/**
 * Sends a message to which no answer is expected. JupyterLab throws once the kernel has gone, which it may report only
 * later, or never to a view that is drawn while its notebook is closed.
 */
export function post(model: Pick<KernelModel, "send">, message: object, callbacks?: object): void {
  try {
    model.send(message, callbacks);
  } catch {
    // Nobody is there to read the message, and nothing on the page depends on it.
  }
}
