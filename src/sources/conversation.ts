import { computed, effect, signal as newSignal, type ReadonlySignal, untracked } from "@preact/signals-core";
import type {
  BlocksMessage,
  ErrorMessage,
  ExportHtmlMessage,
  HtmlMessage,
  RequestMessage,
  VectorRequestMessage,
} from "../contract.gen";
import type { Status } from "../core/context";
import { RESTARTED, STOPPED } from "../core/endings";
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

type Question = Omit<RequestMessage, "id"> | Omit<VectorRequestMessage, "id"> | Omit<ExportHtmlMessage, "id">;

/** Begins an answer: what it returns takes the answer's buffers, one after another. */
type Begin = () => (buffer: DataView) => void;

interface Asking {
  readonly question: Question;
  readonly begin: Begin;
  readonly settle: (error?: Error) => void;
  readonly take: (buffer: DataView) => void;
  readonly isRepeated: boolean;
  /** Whether the connection broke after it was asked, so that its answer may be lost. */
  isCut: boolean;
}

/**
 * Questions to a kernel, one under way at a time, and its answers.
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
    const ended = this.#ended();
    if (ended) throw ended;
    this.#waiting.value++;
    const answered = new Promise<void>((resolve, reject) => {
      const settle = (error?: Error) => (error ? reject(error) : resolve());
      this.#send({ question, begin, settle }, false);
    });
    await answered.finally(() => this.#waiting.value--);
  }

  /** Why nothing is answered any more; undefined while something is. */
  #ended(): Error | undefined {
    if (this.#signal.aborted) return new Error("The view was closed.");
    const link = this.#kernel.link.value;
    return link === "restarted" ? new Error(RESTARTED) : link === "stopped" ? new Error(STOPPED) : undefined;
  }

  #send({ question, begin, settle }: Pick<Asking, "question" | "begin" | "settle">, isRepeated: boolean): void {
    const id = `${this.#page}-${this.#count++}`;
    this.#asking.set(id, { question, begin, settle, take: begin(), isRepeated, isCut: false });
    const status = ({ content }: { content: { execution_state: string } }) => {
      if (content.execution_state === "idle") this.#done(id);
    };
    try {
      // Messages come in their order: an answer that is not here before the kernel is done never comes.
      this.#model.send({ ...question, ...howToAnswer(), id }, { iopub: { status } });
    } catch {
      // A host may not have said that the kernel has gone. This settles whatever waits, this question too.
      this.#kernel.sendingFailed();
    }
  }

  #settle(id: string, error?: Error): void {
    const asking = this.#asking.get(id);
    this.#asking.delete(id);
    asking?.settle(error);
  }

  #again(id: string, isRepeated: boolean): void {
    const asking = this.#asking.get(id);
    this.#asking.delete(id);
    if (asking) this.#send(asking, isRepeated);
  }

  #done(id: string): void {
    if (this.#asking.get(id)?.isRepeated) this.#settle(id, new Error(LOST));
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
    const { type, id } = message as BlocksMessage | HtmlMessage | ErrorMessage;
    const asking = this.#asking.get(id);
    if (!asking) return;
    if (type === "error") {
      this.#settle(id, new Error((message as ErrorMessage).message));
      return;
    }
    try {
      for (const buffer of buffersOf(message as object, buffers)) asking.take(buffer);
      if ((message as BlocksMessage).done) this.#settle(id);
    } catch (error) {
      this.#settle(id, error as Error);
    }
  }
}
