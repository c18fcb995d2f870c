import type { AnyModel } from "@anywidget/types";
import type { BlockKind, BlockRequest, BlocksMessage, ErrorMessage, MapInfo, StoreTraits } from "../contract.gen";
import { HeadAssembler } from "../core/assemble";
import { decodeBlocks } from "../core/blocks";
import { cacheKey, HeadCache } from "../core/cache";
import { type Channel, channel } from "../core/channel";
import type { Status } from "../core/context";
import type { HeadWeights } from "../core/head-weights";
import { LineUp } from "../core/line-up";
import { heldAs } from "../core/overview";
import type { Source } from "../core/source";

/** What this page keeps of one capture. */
const CACHE_BYTES = 64 * 1024 * 1024;
/** A kernel that has not answered for this long is called busy. */
const BUSY_MS = 500;

interface Asking {
  readonly request: BlockRequest;
  readonly assembler: HeadAssembler;
  readonly heads: Map<number, HeadWeights>;
  readonly settle: (error?: Error) => void;
}

/** Weights from a running kernel, kept in this page's memory: one for all views of a capture. */
export class KernelSource implements Source {
  readonly status: Channel<Status> = channel<Status>("live");
  readonly #model: AnyModel<StoreTraits>;
  readonly #cache = new HeadCache(CACHE_BYTES);
  readonly #lineUp = new LineUp();
  readonly #asking = new Map<string, Asking>();
  /** The traitlets' buffers that the cache has taken in. */
  readonly #seen = new Map<"block" | "overview", DataView>();
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

  peek(kind: BlockKind, map: string, layer: number, head: number): HeadWeights | undefined {
    const key = cacheKey(heldAs(kind, this.#info(map)), map, layer, head);
    const kept = this.#cache.get(key);
    if (kept) return kept;
    this.#takeTraits();
    return this.#cache.get(key);
  }

  fetch(request: BlockRequest, signal: AbortSignal): Promise<HeadWeights[]> {
    return this.#heads(request, signal, true);
  }

  /** Brings heads into memory, behind everything that a view waits for. */
  async prefetch(request: BlockRequest, signal: AbortSignal): Promise<void> {
    await this.#heads(request, signal, false);
  }

  async #heads(request: BlockRequest, signal: AbortSignal, urgent: boolean): Promise<HeadWeights[]> {
    const known = this.#known(request);
    if (known.size === request.heads.length) return inOrder(request, known);
    return this.#lineUp.add(() => this.#ask(request), signal, urgent);
  }

  #known({ kind, map, layer, heads }: BlockRequest): Map<number, HeadWeights> {
    const known = heads.map((head) => [head, this.peek(kind, map, layer, head)] as const);
    return new Map(known.filter((entry): entry is [number, HeadWeights] => entry[1] !== undefined));
  }

  /** Asks the kernel for what has not arrived while the request waited for its turn. */
  #ask(request: BlockRequest): Promise<HeadWeights[]> {
    const heads = this.#known(request);
    const missing = request.heads.filter((head) => !heads.has(head));
    if (missing.length === 0) return Promise.resolve(inOrder(request, heads));
    const id = `${this.#page}-${this.#count++}`;
    const busy = setTimeout(() => this.status.set("busy"), BUSY_MS);
    return new Promise((resolve, reject) => {
      const settle = (error?: Error) => {
        clearTimeout(busy);
        this.#asking.delete(id);
        this.status.set("live");
        if (error) reject(error);
        else resolve(inOrder(request, heads));
      };
      this.#asking.set(id, { request, assembler: new HeadAssembler(), heads, settle });
      this.#model.send({ type: "request", id, request: { ...request, heads: missing } });
    });
  }

  #receive(message: unknown, buffers: DataView[]): void {
    const { type, id } = message as BlocksMessage | ErrorMessage;
    const asking = this.#asking.get(id);
    if (asking && type === "error") asking.settle(new Error((message as ErrorMessage).message));
    else if (asking) this.#receiveBlocks(asking, (message as BlocksMessage).done, buffers);
  }

  #receiveBlocks({ request, assembler, heads, settle }: Asking, done: boolean, buffers: DataView[]): void {
    try {
      for (const buffer of buffers) this.#take(buffer, request, assembler, heads);
      if (done) settle();
    } catch (error) {
      settle(error as Error);
    }
  }

  /** Takes in what the traitlets hold, once for each new value. */
  #takeTraits(): void {
    for (const name of ["block", "overview"] as const) {
      const buffer = this.#model.get(name);
      if (!buffer || buffer.byteLength === 0 || buffer === this.#seen.get(name)) continue;
      this.#seen.set(name, buffer);
      try {
        this.#take(buffer, null, new HeadAssembler(), new Map());
      } catch {
        // A traitlet that can't be read, as in a notebook saved by another version, is no loss: the kernel is asked.
      }
    }
  }

  #take(
    buffer: DataView,
    request: BlockRequest | null,
    assembler: HeadAssembler,
    into: Map<number, HeadWeights>,
  ): void {
    for (const block of decodeBlocks(buffer)) {
      const { kind, map, layer } = block.header;
      for (const { head, weights } of assembler.add(block, this.#info(map).query_tokens.length)) {
        this.#cache.set(cacheKey(kind, map, layer, head), weights);
        if (request) into.set(head, weights);
      }
    }
  }

  #info(map: string): MapInfo {
    const info = this.#model.get("maps").find(({ name }) => name === map);
    if (!info) throw new Error(`This capture has no attention map "${map}".`);
    return info;
  }
}

function inOrder(request: BlockRequest, heads: ReadonlyMap<number, HeadWeights>): HeadWeights[] {
  return request.heads.map((head) => {
    const weights = heads.get(head);
    if (!weights) throw new Error(`The kernel's answer lacks head ${head} of layer ${request.layer}.`);
    return weights;
  });
}
