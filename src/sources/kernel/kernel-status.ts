import type { AnyModel } from "@anywidget/types";
import { computed, effect, signal as newSignal, type ReadonlySignal, type Signal } from "@preact/signals-core";
import type { Status } from "../../core/state/context";

/** A kernel that has not replied for this long counts as busy. */
const BUSY_MS = 500;

/**
 * The state of a page's link to the kernel of its model. Once the kernel has restarted or stopped, its captures are
 * lost.
 */
export type Link = "connected" | "lost" | "restarted" | "stopped";

/**
 * What the host reports about the kernel of a model. If the host reports nothing, the kernel counts as connected and
 * free.
 */
export interface HostKernel {
  readonly link: ReadonlySignal<Link>;
  /** Whether running code blocks all messages until it is done. */
  readonly isOccupied: ReadonlySignal<boolean>;
  /** Records that messages can no longer be sent. */
  sendingFailed(): void;
}

/** The kernel-related part of any model. */
export type KernelModel = Pick<AnyModel, "on" | "off" | "send"> & { readonly widget_manager?: unknown };

/** Follows the kernel of a model until `signal` aborts. */
export function hostKernel(model: KernelModel, signal: AbortSignal): HostKernel {
  const link = newSignal<Link>("connected");
  const isOccupied = newSignal(false);
  const become = (next: Link) => {
    // These states are final: the next kernel does not know this model.
    if (link.peek() === "connected" || link.peek() === "lost") link.value = next;
  };
  // ipywidgets triggers this on models whose kernel restarts, in any host.
  const cut = () => become("restarted");
  model.on("comm_live_update", cut);
  signal.addEventListener("abort", () => model.off("comm_live_update", cut), { once: true });
  const kernel = labKernel(model);
  if (kernel) followLab(kernel, become, isOccupied, signal);
  return { link, isOccupied, sendingFailed: () => become("stopped") };
}

const STATUS: Readonly<Record<Link, Status>> = {
  connected: "live",
  lost: "offline",
  restarted: "restarted",
  stopped: "stopped",
};

/**
 * The status that views show. The kernel counts as busy after it has run code, or `isWaiting` has held, for a while.
 */
export function kernelStatus(
  { link, isOccupied }: HostKernel,
  isWaiting: () => boolean,
  signal: AbortSignal,
): ReadonlySignal<Status> {
  const isSlow = whenOverdue(() => isWaiting() || isOccupied.value, BUSY_MS, signal);
  return computed(() => (link.value === "connected" && isSlow.value ? "busy" : STATUS[link.value]));
}

type SignalSlot = (sender: unknown, message: unknown) => void;

interface Emitter {
  connect(slot: SignalSlot): unknown;
  disconnect(slot: SignalSlot): unknown;
}

/** The part of a message that distinguishes one kernel process from the next, and the end of one request from others. */
interface StatusMessage {
  readonly header: { readonly msg_type: string; readonly session: string };
  readonly parent_header?: {
    readonly msg_type?: string;
    readonly msg_id?: string;
    readonly subshell_id?: string | null;
  };
  readonly content: { readonly execution_state?: string };
}

/**
 * The part of `IKernelConnection` in JupyterLab's services that is used here. Works with 4.0 or later; subshells came
 * with 4.5.
 */
interface LabKernel {
  readonly status: string;
  readonly connectionStatus: string;
  readonly supportsSubshells?: boolean;
  readonly commsOverSubshells?: string;
  readonly isDisposed: boolean;
  readonly statusChanged: Emitter;
  readonly connectionStatusChanged: Emitter;
  readonly disposed: Emitter;
  readonly iopubMessage: Emitter;
}

/** The kernel of the widget managers of JupyterLab and Notebook 7; other hosts have no such object. */
function labKernel({ widget_manager: manager }: KernelModel): LabKernel | undefined {
  const kernel = (manager as { readonly kernel?: Partial<LabKernel> | null } | undefined)?.kernel;
  const emitters = [kernel?.statusChanged, kernel?.connectionStatusChanged, kernel?.disposed, kernel?.iopubMessage];
  return emitters.every((one) => typeof one?.connect === "function") ? (kernel as LabKernel) : undefined;
}

function followLab(
  kernel: LabKernel,
  become: (next: Link) => void,
  isOccupied: Signal<boolean>,
  signal: AbortSignal,
): void {
  const status = () => {
    if (kernel.status === "restarting" || kernel.status === "autorestarting") become("restarted");
    if (kernel.status === "dead") become("stopped");
    isOccupied.value = (kernel.status === "busy" || running !== undefined) && !hasThreadForWidgets(kernel);
  };
  const connection = () => {
    if (kernel.connectionStatus !== "connected") running = undefined; // The message about its end may be lost.
    become(kernel.connectionStatus === "connected" ? "connected" : "lost");
    status();
  };
  const disposed = () => become("stopped");
  let process: string | undefined;
  /** The running cell. JupyterLab's status is "idle" again as soon as the kernel has answered on another channel. */
  let running: string | undefined;
  const message: SignalSlot = (_, update) => {
    const { header, parent_header: parent, content } = update as StatusMessage;
    // The server also sends messages, under its own session, but never these two.
    if (header.msg_type !== "status" || !["busy", "idle"].includes(content.execution_state ?? "")) return;
    // No status reports that another page restarted the kernel.
    if (process !== undefined && process !== header.session) become("restarted");
    process = header.session;
    if (parent?.msg_type !== "execute_request" || parent.subshell_id) return;
    if (content.execution_state === "busy") running = parent.msg_id;
    else if (running === parent.msg_id) running = undefined;
    status();
  };
  const slots = [
    [kernel.statusChanged, status],
    [kernel.connectionStatusChanged, connection],
    [kernel.disposed, disposed],
    [kernel.iopubMessage, message],
  ] as const;
  for (const [emitter, slot] of slots) emitter.connect(slot);
  const disconnect = () => {
    for (const [emitter, slot] of slots) emitter.disconnect(slot);
  };
  signal.addEventListener("abort", disconnect, { once: true });
  if (kernel.isDisposed) disposed();
}

/** Whether widget messages have their own thread, so that a running cell does not block them. */
function hasThreadForWidgets({ supportsSubshells, commsOverSubshells }: LabKernel): boolean {
  return supportsSubshells === true && commsOverSubshells !== "disabled";
}

/**
 * True once `holds` has been true for `milliseconds` without a break; false again when it is not. Follows until
 * `signal` aborts.
 */
function whenOverdue(holds: () => boolean, milliseconds: number, signal: AbortSignal): ReadonlySignal<boolean> {
  const overdue = newSignal(false);
  const stop = effect(() => {
    if (!holds()) {
      overdue.value = false;
      return;
    }
    const timer = setTimeout(() => {
      overdue.value = true;
    }, milliseconds);
    return () => clearTimeout(timer);
  });
  signal.addEventListener("abort", stop, { once: true });
  return overdue;
}
