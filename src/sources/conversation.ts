import { computed, effect, signal as newSignal, type ReadonlySignal, untracked } from "@preact/signals-core";
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
} from "../contract.gen";
import type { Status } from "../core/context";
import { RESTARTED, STOPPED } from "../core/endings";
import { SUPERSEDED } from "../core/lanes";
import { LineUp } from "../core/line-up";
import { type Channel, type HostKernel, hostKernel, type Link } from "./host-kernel";
import { whenOverdue } from "./overdue";
import { buffersOf, howToAnswer } from "./text-answers";

/** A kernel that has not answered for this long is called busy. */
const BUSY_MS = 500;

const STATUS: Readonly<Record<Link, Status>> = {
  connected: "live",
  lost: "offline",
  restarted: "restarted",
  stopped: "stopped",
};

const LOST =
  "The kernel is done with the request, but twice its answer did not arrive. Try again; if that does not help, run the cell again.";

/** What the kernel computes beside the user's cells, and answers after its word that it is done. */
export type LaterQuestion =
  | Omit<TileRequestMessage, "id">
  | Omit<ExcerptRequestMessage, "id">
  | (Omit<RequestMessage, "id"> & LaterRequest);

type Question =
  | Omit<RequestMessage, "id">
  | Omit<VectorRequestMessage, "id">
  | Omit<ExportHtmlMessage, "id">
  | LaterQuestion;

/** Begins an answer: what it returns takes the answer's buffers, one after another. */
type Begin = () => (buffer: DataView) => void;

/** A question until its answer is whole. */
interface Asking {
  readonly question: Question;
  readonly begin: Begin;
  /** Whose newest question is the only one that waits; null for one that is in no lane. */
  readonly lane: string | null;
  readonly settle: (error?: Error) => void;
  take: (buffer: DataView) => void;
  isRepeated: boolean;
  /** Whether the connection broke after it was asked, so that its answer may be lost. */
  isCut: boolean;
  /** Whether the kernel has taken it on, to answer it later. */
  isAccepted: boolean;
  /** Whether nobody waits any more. The kernel is told so once it has taken the question on. */
  isAbandoned: boolean;
}

/**
 * Questions to a kernel, one under way at a time, and its answers. What the kernel answers later does not hold up
 * others: of each lane the newest question waits until the kernel has taken on the one before.
 *
 * There is no time limit: a kernel may be at work for an hour. A question is asked again when its answer is lost: the
 * connection broke and is back, or the kernel says that it is done and no answer has come (once: then it is an error).
 * A kernel that has restarted or stopped is asked nothing: whoever asks is told at once.
 */
export class Conversation {
  readonly status: ReadonlySignal<Status>;
  readonly #model: Channel;
  readonly #kernel: HostKernel;
  readonly #signal: AbortSignal;
  readonly #lineUp = new LineUp();
  readonly #asking = new Map<string, Asking>();
  /** What waits for the question before it in its lane. */
  readonly #next = new Map<string, () => void>();
  readonly #waiting = newSignal(0);
  /** Answers reach every page that shows the notebook: ids must differ between pages. */
  readonly #page = Math.random().toString(36).slice(2);
  #count = 0;

  constructor(model: Channel, signal: AbortSignal) {
    this.#kernel = hostKernel(model, signal);
    const { link, isOccupied } = this.#kernel;
    const isSlow = whenOverdue(() => this.#waiting.value > 0 || isOccupied.value, BUSY_MS, signal);
    this.#model = model;
    this.#signal = signal;
    this.status = computed(() => (link.value === "connected" && isSlow.value ? "busy" : STATUS[link.value]));
    const listener = (message: unknown, buffers: DataView[]) => this.#receive(message, buffers);
    model.on("msg:custom", listener);
    const stop = effect(() => {
      void link.value;
      untracked(() => this.#linkMoved());
    });
    signal.addEventListener("abort", () => {
      stop();
      model.off("msg:custom", listener);
      this.#endAll();
    });
  }

  /** Runs `talk`, which may ask, when its turn comes: urgent ones first. Rejects once `signal` aborts. */
  inTurn<T>(talk: () => Promise<T>, signal: AbortSignal, urgent: boolean): Promise<T> {
    return this.#lineUp.add(talk, signal, urgent);
  }

  /** Asks, and gives each buffer of the answer to what `begin` makes. Resolves after the last one. */
  async ask(question: Question, begin: Begin): Promise<void> {
    await this.#ask(question, begin, null).answered;
  }

  /** The same for what is answered later. Once `signal` aborts this rejects, and the kernel ends its work. */
  async askLater(question: LaterQuestion, lane: string, begin: Begin, signal: AbortSignal): Promise<void> {
    const name = JSON.stringify([this.#page, question.type, lane]);
    signal.throwIfAborted();
    if (this.#isTaken(name)) await this.#isFree(name, signal);
    const { asking, answered } = this.#ask({ ...question, view: name }, begin, name);
    const giveUp = () => this.#abandon(asking, signal.reason);
    signal.addEventListener("abort", giveUp, { once: true });
    await answered.finally(() => signal.removeEventListener("abort", giveUp));
  }

  #ask(question: Question, begin: Begin, lane: string | null): { asking: Asking; answered: Promise<void> } {
    const ended = this.#ended();
    if (ended) throw ended;
    let settle: Asking["settle"] = () => {};
    const answered = new Promise<void>((resolve, reject) => {
      settle = (error) => (error ? reject(error) : resolve());
    });
    const states = { isRepeated: false, isCut: false, isAccepted: false, isAbandoned: false };
    const asking = { question, begin, lane, settle, take: begin(), ...states };
    this.#send(asking);
    return { asking, answered };
  }

  /** Whether the kernel has yet to take on a question of the lane. */
  #isTaken(lane: string): boolean {
    return [...this.#asking.values()].some((asking) => asking.lane === lane && !asking.isAccepted);
  }

  /** Resolves when the lane's next question may be asked. Of several that wait, the newest is told. */
  #isFree(lane: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#next.set(lane, resolve);
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  }

  #abandon(asking: Asking, reason: Error): void {
    const [id] = [...this.#asking].find(([, one]) => one === asking) ?? [];
    asking.isAbandoned = true;
    asking.settle(reason);
    if (id !== undefined && asking.isAccepted) this.#cancel(id);
  }

  #cancel(id: string): void {
    this.#drop(id);
    this.#trySend({ type: "cancel", id } satisfies CancelMessage);
  }

  /** Why nothing is answered any more; undefined while something is. */
  #ended(): Error | undefined {
    if (this.#signal.aborted) return new Error("The view was closed.");
    const link = this.#kernel.link.value;
    return link === "restarted" ? new Error(RESTARTED) : link === "stopped" ? new Error(STOPPED) : undefined;
  }

  #send(asking: Asking): void {
    const id = `${this.#page}-${this.#count++}`;
    this.#asking.set(id, asking);
    this.#tellWaiting();
    const status = ({ content }: { content: { execution_state: string } }) => {
      if (content.execution_state === "idle") this.#done(id);
    };
    // Messages come in their order: an answer that is not here before the kernel is done never comes.
    this.#trySend({ ...asking.question, ...howToAnswer(), id }, { iopub: { status } });
  }

  #trySend(message: object, callbacks?: object): void {
    try {
      this.#model.send(message, callbacks);
    } catch {
      // A host may not have said that the kernel has gone. This settles whatever waits, this question too.
      this.#kernel.sendingFailed();
    }
  }

  #settle(id: string, error?: Error): void {
    this.#drop(id)?.settle(error);
  }

  #again(id: string, isRepeated: boolean): void {
    const asking = this.#drop(id);
    if (!asking || asking.isAbandoned) return;
    this.#send(Object.assign(asking, { take: asking.begin(), isRepeated, isCut: false, isAccepted: false }));
  }

  #drop(id: string): Asking | undefined {
    const asking = this.#asking.get(id);
    this.#asking.delete(id);
    this.#tellWaiting();
    return asking;
  }

  /** Tells how many questions the kernel has not even taken on, and lets the next in its lane be asked. */
  #tellWaiting(): void {
    this.#waiting.value = [...this.#asking.values()].filter((asking) => !asking.isAccepted).length;
    for (const [lane, go] of this.#next) {
      if (this.#isTaken(lane)) continue;
      this.#next.delete(lane);
      go();
    }
  }

  #done(id: string): void {
    const asking = this.#asking.get(id);
    if (!asking || asking.isAccepted) return;
    if (asking.isRepeated) this.#settle(id, new Error(LOST));
    else this.#again(id, true);
  }

  #linkMoved(): void {
    if (this.#ended()) this.#endAll();
    const isConnected = this.#kernel.link.value === "connected";
    for (const [id, asking] of [...this.#asking]) {
      if (!isConnected) asking.isCut = true;
      // What is asked while there is no connection is kept by the host, and sent once there is one.
      else if (asking.isCut) this.#again(id, asking.isRepeated);
    }
  }

  #endAll(): void {
    for (const id of [...this.#asking.keys()]) this.#settle(id, this.#ended());
  }

  #receive(message: unknown, buffers: DataView[]): void {
    const { type, id } = message as BlocksMessage | HtmlMessage | ErrorMessage | AcceptedMessage | CancelledMessage;
    const asking = this.#asking.get(id);
    if (!asking) return;
    if (type === "accepted") this.#accept(id, asking);
    else if (type === "error") this.#settle(id, new Error((message as ErrorMessage).message));
    else if (type === "cancelled") this.#settle(id, new Error(SUPERSEDED));
    else this.#take(id, asking, message as BlocksMessage, buffers);
  }

  #accept(id: string, asking: Asking): void {
    asking.isAccepted = true;
    if (asking.isAbandoned) this.#cancel(id);
    else this.#tellWaiting();
  }

  #take(id: string, asking: Asking, message: BlocksMessage | HtmlMessage, buffers: DataView[]): void {
    try {
      for (const buffer of buffersOf(message, buffers)) asking.take(buffer);
      if (message.done) this.#settle(id);
    } catch (error) {
      this.#settle(id, error as Error);
    }
  }
}
