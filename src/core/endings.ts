import type { Status } from "./context";

/** What a view says, and a question is answered with, once the kernel has lost what it held. */

export const RESTARTED = "The kernel was restarted: this page shows what it has in memory. Run the cell again.";

export const STOPPED =
  "The kernel has stopped: this page shows what it has in memory. Start a kernel and run the cell again.";

/** Whether nothing that is sent to the kernel arrives any more. */
export function hasEnded(status: Status): boolean {
  return status === "restarted" || status === "stopped";
}
