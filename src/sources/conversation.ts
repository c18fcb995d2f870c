import type { AnyModel } from "@anywidget/types";
import { signal as newSignal, type ReadonlySignal } from "@preact/signals-core";
import type { BlocksMessage, ErrorMessage, RequestMessage, StoreTraits, VectorRequestMessage } from "../contract.gen";
import type { Status } from "../core/context";
import { LineUp } from "../core/line-up";

/** A kernel that has not answered for this long is called busy. */
const BUSY_MS = 500;

type Question = Omit<RequestMessage, "id"> | Omit<VectorRequestMessage, "id">;

interface Asking {
  readonly take: (buffer: DataView) => void;
  readonly settle: (error?: Error) => void;
}

/** Questions to a kernel, one under way at a time, and its answers. */
export class Conversation {
  readonly #status = newSignal<Status>("live");
  readonly #model: AnyModel<StoreTraits>;
  readonly #lineUp = new LineUp();
  readonly #asking = new Map<string, Asking>();
  /** Answers reach every page that shows the notebook: ids must differ between pages. */
  readonly #page = Math.random().toString(36).slice(2);
  #count = 0;

  constructor(model: AnyModel<StoreTraits>, signal: AbortSignal) {
    this.#model = model;
    const listener = (message: unknown, buffers: DataView[]) => this.#receive(message, buffers);
    model.on("msg:custom", listener);
    signal.addEventListener("abort", () => {
      model.off("msg:custom", listener);
      for (const { settle } of this.#asking.values()) settle(new Error("The view was closed."));
    });
  }

  get status(): ReadonlySignal<Status> {
    return this.#status;
  }

  /** Runs `talk`, which may ask, when its turn comes: urgent ones first. Rejects once `signal` aborts. */
  inTurn<T>(talk: () => Promise<T>, signal: AbortSignal, urgent: boolean): Promise<T> {
    return this.#lineUp.add(talk, signal, urgent);
  }

  /** Asks, and gives each buffer of the answer to `take`. Resolves after the last one. */
  ask(question: Question, take: (buffer: DataView) => void): Promise<void> {
    const id = `${this.#page}-${this.#count++}`;
    const busy = setTimeout(() => {
      this.#status.value = "busy";
    }, BUSY_MS);
    return new Promise((resolve, reject) => {
      const settle = (error?: Error) => {
        clearTimeout(busy);
        this.#asking.delete(id);
        this.#status.value = "live";
        if (error) reject(error);
        else resolve();
      };
      this.#asking.set(id, { take, settle });
      this.#model.send({ ...question, id });
    });
  }

  #receive(message: unknown, buffers: DataView[]): void {
    const { type, id } = message as BlocksMessage | ErrorMessage;
    const asking = this.#asking.get(id);
    if (asking && type === "error") asking.settle(new Error((message as ErrorMessage).message));
    else if (asking) hear(asking, (message as BlocksMessage).done, buffers);
  }
}

function hear({ take, settle }: Asking, done: boolean, buffers: DataView[]): void {
  try {
    for (const buffer of buffers) take(buffer);
    if (done) settle();
  } catch (error) {
    settle(error as Error);
  }
}
