import type { Status } from "./context";

/** Shown in a view, and answered to requests, once the kernel has lost its captures. */

export const RESTARTED = "The kernel was restarted: this page shows what it has in memory. Run the cell again.";

export const STOPPED =
  "The kernel has stopped: this page shows what it has in memory. Start a kernel and run the cell again.";

/** Whether the kernel can no longer receive anything. */
export function hasEnded(status: Status): boolean {
  return status === "restarted" || status === "stopped";
}
