import { type ReadonlySignal, untracked } from "@preact/signals-core";
import type { HereMessage } from "../contract.gen";
import type { Status } from "../core/state/context";
import { hasEnded } from "../core/state/kernel-messages";
import { effectUntil } from "../dom/until";
import type { KernelModel } from "../sources/kernel/kernel-status";
import { post } from "./post";

/** How ipywidgets 8 stores the changes of a model that are on their way to the kernel. None of this is public. */
interface Saver {
  readonly _expectedEchoMsgIds: Map<string, string>;
  readonly _pending_msgs: number;
  readonly _msg_buffer: Readonly<Record<string, unknown>> | null;
  _handle_status(message: { content: { execution_state: string } }): void;
  get(name: string): unknown;
  save(values: Readonly<Record<string, unknown>>, options: { patch: true }): void;
}

/** A change that the kernel has not echoed yet, and the message that carries it. */
interface Unsure {
  readonly name: string;
  readonly message: string;
  readonly value: unknown;
}

/**
 * Saves changes again that were lost with the connection, and unblocks later changes.
 * ipywidgets sends one change at a time, and holds back the next ones until the kernel is done with it. If that reply
 * is lost, it waits forever, and no change in the page reaches Python or other pages any more. So each time the
 * connection is back, this asks the kernel whether it is done with everything, and saves again what it has not echoed
 * by then.
 */
export function recoverSaves(model: KernelModel, status: ReadonlySignal<Status>, signal: AbortSignal): void {
  let saver: Saver | undefined;
  let unsure: readonly Unsure[] = [];
  let wasOffline = false;
  // anywidget hands out only a part of the model; the whole model comes with change events. No save happens without
  // one.
  const changed = (whole: unknown) => {
    if (isSaver(whole)) saver = whole;
  };
  const moved = (now: Status) => {
    const isOffline = now === "offline";
    // Once connected, the host resets the page to Python's state, so the reader's changes are recorded before that.
    if (isOffline && !wasOffline) unsure = saver ? unsureOf(saver) : [];
    else if (wasOffline && saver && unsure.length > 0 && !hasEnded(now)) recover(model, saver, unsure);
    wasOffline = isOffline;
  };
  model.on("change", changed);
  signal.addEventListener("abort", () => model.off("change", changed), { once: true });
  effectUntil(signal, () => {
    const now = status.value;
    untracked(() => moved(now));
  });
}

function unsureOf(saver: Saver): Unsure[] {
  return [...saver._expectedEchoMsgIds].map(([name, message]) => ({ name, message, value: saver.get(name) }));
}

function recover(model: KernelModel, saver: Saver, unsure: readonly Unsure[]): void {
  const status = ({ content }: { content: { execution_state: string } }) => {
    if (content.execution_state === "idle") saveAgain(saver, unsure);
  };
  post(model, { type: "here" } satisfies HereMessage, { iopub: { status } });
}

/** The kernel has handled everything that was sent before, so a change that it has not echoed was lost. */
function saveAgain(saver: Saver, unsure: readonly Unsure[]): void {
  const lost = unsure.filter(({ name, message }) => saver._expectedEchoMsgIds.get(name) === message);
  if (lost.length === 0) return;
  for (const { name } of lost) saver._expectedEchoMsgIds.delete(name);
  const newer = Object.keys(saver._msg_buffer ?? {});
  if (saver._pending_msgs > 0) saver._handle_status({ content: { execution_state: "idle" } });
  const values = lost.filter(({ name }) => !newer.includes(name)).map(({ name, value }) => [name, value] as const);
  if (values.length > 0) saver.save(Object.fromEntries(values), { patch: true });
}

function isSaver(whole: unknown): whole is Saver {
  const { _expectedEchoMsgIds, _pending_msgs, _handle_status, save } = (whole ?? {}) as Partial<Saver>;
  const functions = [_handle_status, save].every((one) => typeof one === "function");
  return functions && _expectedEchoMsgIds instanceof Map && typeof _pending_msgs === "number";
}
