import { effect, signal as newSignal, type ReadonlySignal, untracked } from "@preact/signals-core";
import type {
  AcceptedMessage,
  BlocksMessage,
  CancelledMessage,
  CancelMessage,
  ErrorMessage,
  ExcerptRequestMessage,
  ExportHtmlMessage,
  HtmlMessage,
  LaterRequest,
  RequestMessage,
  TileRequestMessage,
  VectorRequestMessage,
} from "../../contract.gen";
import { RequestQueue } from "../../core/async/request-queue";
import { SUPERSEDED } from "../../core/async/take-latest";
import type { Status } from "../../core/state/context";
import { RESTARTED, STOPPED } from "../../core/state/kernel-messages";
import { type HostKernel, hostKernel, type KernelModel, kernelStatus } from "./kernel-status";
import { buffersOf, howToAnswer } from "./text-replies";

const LOST =
  "The kernel handled the request twice, but its answer did not arrive. Try again; if that does not help, run the cell again.";

/** Requests that the kernel accepts at once, computes in parallel to the user's cells and replies to later. */
export type DeferredRequest =
  | Omit<TileRequestMessage, "id">
  | Omit<ExcerptRequestMessage, "id">
  | (Omit<RequestMessage, "id"> & LaterRequest);

type KernelRequest =
  | Omit<RequestMessage, "id">
  | Omit<VectorRequestMessage, "id">
  | Omit<ExportHtmlMessage, "id">
  | DeferredRequest;

/** Begins a reply, and returns a function that takes the reply's buffers one after another. */
type Begin = () => (buffer: DataView) => void;

/** A request whose reply is not yet complete. */
interface PendingRequest {
  readonly request: KernelRequest;
  readonly begin: Begin;
  /** The lane, in which only the newest request waits; null for none. */
  readonly lane: string | null;
  readonly settle: (error?: Error) => void;
  take: (buffer: DataView) => void;
  isRepeated: boolean;
  /** Whether the connection broke after the request was sent, so that its reply may be lost. */
  isCut: boolean;
  /** Whether the kernel has accepted the request, to reply later. */
  isAccepted: boolean;
  /** Whether the caller has aborted. The kernel gets `cancel` once it has accepted the request. */
  isAbandoned: boolean;
}

/**
 * Sends requests to a kernel, one at a time, and receives its replies. A deferred request does not hold up others. In
 * each lane, the newest request waits until the kernel has accepted the one before.
 * There is no time limit, because a kernel may be busy for an hour. A request is sent again if its reply is lost: after
 * the connection broke and is back, or once the kernel is done with it and no reply has come. The second time that
 * happens, it rejects. Once the kernel has restarted or stopped, every request rejects at once.
 */
export class KernelChannel {
  readonly status: ReadonlySignal<Status>;
  readonly #model: KernelModel;
  readonly #kernel: HostKernel;
  readonly #signal: AbortSignal;
  readonly #queue = new RequestQueue();
  readonly #pending = new Map<string, PendingRequest>();
  /** Continues the request that waits for the previous one of its lane. */
  readonly #next = new Map<string, () => void>();
  readonly #waiting = newSignal(0);
  /** Replies reach every page that shows the notebook, so ids must differ between pages. */
  readonly #page = Math.random().toString(36).slice(2);
  #count = 0;

  constructor(model: KernelModel, signal: AbortSignal) {
    this.#kernel = hostKernel(model, signal);
    this.#model = model;
    this.#signal = signal;
    this.status = kernelStatus(this.#kernel, () => this.#waiting.value > 0, signal);
    const listener = (message: unknown, buffers: DataView[]) => this.#receive(message, buffers);
    model.on("msg:custom", listener);
    const stop = effect(() => {
      void this.#kernel.link.value;
      untracked(() => this.#linkMoved());
    });
    signal.addEventListener("abort", () => {
      stop();
      model.off("msg:custom", listener);
      this.#endAll();
    });
  }

  /** Runs `job`, which may send requests, when its turn comes; urgent jobs come first. Rejects once `signal` aborts. */
  enqueue<T>(job: () => Promise<T>, signal: AbortSignal, urgent: boolean): Promise<T> {
    return this.#queue.add(job, signal, urgent);
  }

  /**
   * Sends a request and passes each buffer of the reply to the function that `begin` returns. Resolves after the last
   * one.
   */
  async request(request: KernelRequest, begin: Begin): Promise<void> {
    await this.#open(request, begin, null).replied;
  }

  /** Does the same for a deferred request. Once `signal` aborts, this rejects and the kernel ends its work. */
  async requestLater(request: DeferredRequest, lane: string, begin: Begin, signal: AbortSignal): Promise<void> {
    const name = JSON.stringify([this.#page, request.type, lane]);
    signal.throwIfAborted();
    if (this.#isLaneTaken(name)) await this.#laneFree(name, signal);
    const { pending, replied } = this.#open({ ...request, view: name }, begin, name);
    const giveUp = () => this.#abandon(pending, signal.reason);
    signal.addEventListener("abort", giveUp, { once: true });
    await replied.finally(() => signal.removeEventListener("abort", giveUp));
  }

  #open(
    request: KernelRequest,
    begin: Begin,
    lane: string | null,
  ): { pending: PendingRequest; replied: Promise<void> } {
    const ended = this.#ended();
    if (ended) throw ended;
    let settle: PendingRequest["settle"] = () => {};
    const replied = new Promise<void>((resolve, reject) => {
      settle = (error) => (error ? reject(error) : resolve());
    });
    const states = { isRepeated: false, isCut: false, isAccepted: false, isAbandoned: false };
    const pending = { request, begin, lane, settle, take: begin(), ...states };
    this.#send(pending);
    return { pending, replied };
  }

  /** Whether the lane has a request that the kernel has yet to accept. */
  #isLaneTaken(lane: string): boolean {
    return [...this.#pending.values()].some((pending) => pending.lane === lane && !pending.isAccepted);
  }

  /** Resolves when the lane's next request may be sent. If several wait, only the newest continues. */
  #laneFree(lane: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#next.set(lane, resolve);
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  }

  #abandon(pending: PendingRequest, reason: Error): void {
    const [id] = [...this.#pending].find(([, one]) => one === pending) ?? [];
    pending.isAbandoned = true;
    pending.settle(reason);
    if (id !== undefined && pending.isAccepted) this.#cancel(id);
  }

  #cancel(id: string): void {
    this.#drop(id);
    this.#post({ type: "cancel", id } satisfies CancelMessage);
  }

  /** Why requests no longer get a reply; undefined while they do. */
  #ended(): Error | undefined {
    if (this.#signal.aborted) return new Error("The view was closed.");
    const link = this.#kernel.link.value;
    return link === "restarted" ? new Error(RESTARTED) : link === "stopped" ? new Error(STOPPED) : undefined;
  }

  #send(pending: PendingRequest): void {
    const id = `${this.#page}-${this.#count++}`;
    this.#pending.set(id, pending);
    this.#updateWaiting();
    const status = ({ content }: { content: { execution_state: string } }) => {
      if (content.execution_state === "idle") this.#done(id);
    };
    // Messages arrive in order, so a reply that has not come before the kernel is done never comes.
    this.#post({ ...pending.request, ...howToAnswer(), id }, { iopub: { status } });
  }

  #post(message: object, callbacks?: object): void {
    try {
      this.#model.send(message, callbacks);
    } catch {
      // The host may not have reported that the kernel is gone. This rejects all pending requests, including this one.
      this.#kernel.sendingFailed();
    }
  }

  #settle(id: string, error?: Error): void {
    this.#drop(id)?.settle(error);
  }

  #resend(id: string, isRepeated: boolean): void {
    const pending = this.#drop(id);
    if (!pending || pending.isAbandoned) return;
    this.#send(Object.assign(pending, { take: pending.begin(), isRepeated, isCut: false, isAccepted: false }));
  }

  #drop(id: string): PendingRequest | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    this.#updateWaiting();
    return pending;
  }

  /** Counts the requests that the kernel has yet to accept, and continues the next request of each free lane. */
  #updateWaiting(): void {
    this.#waiting.value = [...this.#pending.values()].filter((pending) => !pending.isAccepted).length;
    for (const [lane, go] of this.#next) {
      if (this.#isLaneTaken(lane)) continue;
      this.#next.delete(lane);
      go();
    }
  }

  #done(id: string): void {
    const pending = this.#pending.get(id);
    if (!pending || pending.isAccepted) return;
    if (pending.isRepeated) this.#settle(id, new Error(LOST));
    else this.#resend(id, true);
  }

  #linkMoved(): void {
    if (this.#ended()) this.#endAll();
    const isConnected = this.#kernel.link.value === "connected";
    for (const [id, pending] of [...this.#pending]) {
      if (!isConnected) pending.isCut = true;
      // The host keeps messages that are sent without a connection, and sends them once there is one.
      else if (pending.isCut) this.#resend(id, pending.isRepeated);
    }
  }

  #endAll(): void {
    for (const id of [...this.#pending.keys()]) this.#settle(id, this.#ended());
  }

  #receive(message: unknown, buffers: DataView[]): void {
    const { type, id } = message as BlocksMessage | HtmlMessage | ErrorMessage | AcceptedMessage | CancelledMessage;
    const pending = this.#pending.get(id);
    if (!pending) return;
    if (type === "accepted") this.#accept(id, pending);
    else if (type === "error") this.#settle(id, new Error((message as ErrorMessage).message));
    else if (type === "cancelled") this.#settle(id, new Error(SUPERSEDED));
    else this.#take(id, pending, message as BlocksMessage, buffers);
  }

  #accept(id: string, pending: PendingRequest): void {
    pending.isAccepted = true;
    if (pending.isAbandoned) this.#cancel(id);
    else this.#updateWaiting();
  }

  #take(id: string, pending: PendingRequest, message: BlocksMessage | HtmlMessage, buffers: DataView[]): void {
    try {
      for (const buffer of buffersOf(message, buffers)) pending.take(buffer);
      if (message.done) this.#settle(id);
    } catch (error) {
      this.#settle(id, error as Error);
    }
  }
}
