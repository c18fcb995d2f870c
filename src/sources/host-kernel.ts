import type { AnyModel } from "@anywidget/types";
import { signal as newSignal, type ReadonlySignal, type Signal } from "@preact/signals-core";

/** How a page stands to the kernel of its model. What the kernel held is lost once it has restarted or stopped. */
export type Link = "connected" | "lost" | "restarted" | "stopped";

/** What the host says of the kernel of a model. A host that says nothing leaves it connected and free. */
export interface HostKernel {
  readonly link: ReadonlySignal<Link>;
  /** Whether code runs that lets no message through until it is done. */
  readonly isOccupied: ReadonlySignal<boolean>;
  /** Takes note that messages can't be sent any more. */
  sendingFailed(): void;
}

/** Any model, as far as its kernel goes. */
export type Channel = Pick<AnyModel, "on" | "off" | "send"> & { readonly widget_manager?: unknown };

/** Follows the kernel of a model until `signal` aborts. */
export function hostKernel(model: Channel, signal: AbortSignal): HostKernel {
  const link = newSignal<Link>("connected");
  const isOccupied = newSignal(false);
  const become = (next: Link) => {
    // Nothing comes after an end: the kernel that starts next has never heard of this model.
    if (link.peek() === "connected" || link.peek() === "lost") link.value = next;
  };
  // What ipywidgets says of models whose kernel restarts, in any host.
  const cut = () => become("restarted");
  model.on("comm_live_update", cut);
  signal.addEventListener("abort", () => model.off("comm_live_update", cut), { once: true });
  const kernel = labKernel(model);
  if (kernel) followLab(kernel, become, isOccupied, signal);
  return { link, isOccupied, sendingFailed: () => become("stopped") };
}

type Slot = (sender: unknown, told: unknown) => void;

interface Emitter {
  connect(slot: Slot): unknown;
  disconnect(slot: Slot): unknown;
}

/** As much of a message as tells one kernel process from the next. */
interface StatusMessage {
  readonly header: { readonly msg_type: string; readonly session: string };
  readonly content: { readonly execution_state?: string };
}

/** What is asked of `IKernelConnection` of JupyterLab's services, 4.0 or later; subshells came with 4.5. */
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

/** JupyterLab's and Notebook 7's widget managers know their kernel; other hosts' have none that looks so. */
function labKernel({ widget_manager: manager }: Channel): LabKernel | undefined {
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
    isOccupied.value = kernel.status === "busy" && !hasThreadForWidgets(kernel);
  };
  const connection = () => become(kernel.connectionStatus === "connected" ? "connected" : "lost");
  const disposed = () => become("stopped");
  let process: string | undefined;
  const message: Slot = (_, told) => {
    const { header, content } = told as StatusMessage;
    // The server sends messages too, under a name of its own, but never these two.
    if (header.msg_type !== "status" || !["busy", "idle"].includes(content.execution_state ?? "")) return;
    // A restart that another page asks for is not told to this one.
    if (process !== undefined && process !== header.session) become("restarted");
    process = header.session;
  };
  const slots = [
    [kernel.statusChanged, status],
    [kernel.connectionStatusChanged, connection],
    [kernel.disposed, disposed],
    [kernel.iopubMessage, message],
  ] as const;
  for (const [emitter, slot] of slots) emitter.connect(slot);
  const letGo = () => {
    for (const [emitter, slot] of slots) emitter.disconnect(slot);
  };
  signal.addEventListener("abort", letGo, { once: true });
  if (kernel.isDisposed) disposed();
}

/** Whether widgets' messages go to a thread of their own, so that a running cell is no hindrance. */
function hasThreadForWidgets({ supportsSubshells, commsOverSubshells }: LabKernel): boolean {
  return supportsSubshells === true && commsOverSubshells !== "disabled";
}
