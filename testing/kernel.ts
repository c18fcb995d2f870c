import { zlibSync } from "fflate";
import { type BlockKind, type Dtype, MAGIC, type MapDescription, type StoreTraits } from "../src/contract.gen";
import type { WeightsHeader } from "../src/core/weights/header";

/** A frame's header without the fields that follow from its codes. */
type Unfinished<H> = H extends WeightsHeader ? Omit<H, "dtype" | "missing"> : never;

/** An encoded block, excerpt or tile with two bytes per weight, as the kernel writes it. */
export function encoded(
  header: Unfinished<WeightsHeader>,
  codes: readonly number[],
  dtype: Dtype = "float16",
): DataView {
  const json = JSON.stringify({ ...header, dtype, missing: 0 });
  const text = new TextEncoder().encode(json.padEnd(Math.ceil(json.length / 8) * 8));
  const payload = new Uint8Array(Uint16Array.from(codes).buffer);
  const bytes = new Uint8Array(8 + text.length + Math.ceil(payload.length / 8) * 8);
  bytes.set(new TextEncoder().encode(MAGIC));
  new DataView(bytes.buffer).setUint32(4, text.length, true);
  bytes.set(text, 8);
  bytes.set(payload, 8 + text.length);
  return new DataView(bytes.buffer);
}

/** A head of 2 x 2 weights whose codes are all `code`, or some of its rows. */
export function head(layer: number, number: number, code: number, rows: [number, number] = [0, 2]): DataView {
  const shape = [1, rows[1] - rows[0], 2];
  const header = {
    kind: "block" as BlockKind,
    map: "self",
    layer,
    heads: [number],
    queries: rows,
    keys: [0, 2],
    shape,
  };
  return encoded(header, Array(2 * (rows[1] - rows[0])).fill(code));
}

export const DESCRIPTION: MapDescription = {
  name: "self",
  label: "Self",
  num_layers: 3,
  num_heads: [2, 2, 2],
  query_tokens: ["a", "b"],
  key_tokens: ["a", "b"],
  query_special: [],
  key_special: [],
  query_words: null,
  key_words: null,
  query_segments: [],
  key_segments: [],
  sentence_b_start: null,
  no_vectors: ["", "", ""],
};

/** The parts of JupyterLab's kernel connection that a page reads. */
export class MemoryLabKernel {
  status = "idle";
  connectionStatus = "connected";
  supportsSubshells = true;
  commsOverSubshells = "perCommTarget";
  isDisposed = false;
  readonly statusChanged = new MemorySignal();
  readonly connectionStatusChanged = new MemorySignal();
  readonly disposed = new MemorySignal();
  readonly iopubMessage = new MemorySignal();

  tell(status: string): void {
    this.status = status;
    this.statusChanged.emit();
  }

  connection(status: string): void {
    this.connectionStatus = status;
    this.connectionStatusChanged.emit();
  }
}

type Slot = (sender: unknown, told: unknown) => void;

class MemorySignal {
  readonly slots = new Set<Slot>();
  connect = (slot: Slot) => this.slots.add(slot);
  disconnect = (slot: Slot) => this.slots.delete(slot);
  emit = (told?: unknown) => {
    for (const slot of [...this.slots]) slot(this, told);
  };
}

interface Callbacks {
  readonly iopub?: { readonly status?: (message: { content: { execution_state: string } }) => void };
}

type Listener = (message?: unknown, buffers?: DataView[]) => void;

/** Packs maps as the kernel sends them. */
export function packedMaps(maps: readonly MapDescription[]): DataView {
  return new DataView(zlibSync(new TextEncoder().encode(JSON.stringify(maps))).buffer);
}

/** A model in memory that records what the page sends to its kernel. */
export class MemoryModel {
  readonly sent: { type: string; id: string; request: { layer: number; heads: number[] } }[] = [];
  #traits: Partial<StoreTraits>;
  readonly #listeners = new Map<string, Set<Listener>>();

  constructor({
    maps = [DESCRIPTION],
    ...traits
  }: Omit<Partial<StoreTraits>, "maps"> & { maps?: MapDescription[] } = {}) {
    this.#traits = { maps: packedMaps(maps), block: new DataView(new ArrayBuffer(0)), ...traits };
  }

  get = (name: keyof StoreTraits): unknown => this.#traits[name];

  set = (name: keyof StoreTraits, value: unknown): void => {
    this.#traits = { ...this.#traits, [name]: value };
    this.#tell(`change:${name}`);
  };

  on = (event: string, listener: Listener): void => {
    this.#listeners.set(event, (this.#listeners.get(event) ?? new Set()).add(listener));
  };

  off = (event: string, listener: Listener): void => {
    this.#listeners.get(event)?.delete(listener);
  };

  saved = 0;
  save_changes = (): void => {
    this.saved++;
  };

  /** Set as in JupyterLab's managers; absent as in other hosts. */
  widget_manager: { readonly kernel: MemoryLabKernel } | undefined;
  /** Whether sending throws, as in JupyterLab once the kernel has gone. */
  isMute = false;
  readonly #callbacks = new Map<string, Callbacks | undefined>();

  send = (message: (typeof this.sent)[number], callbacks?: Callbacks): void => {
    if (this.isMute) throw new Error("Cannot send");
    this.sent.push(message);
    this.#callbacks.set(message.id, callbacks);
  };

  /** Reports that the kernel is done with a message. */
  done(id: string): void {
    this.#callbacks.get(id)?.iopub?.status?.({ content: { execution_state: "idle" } });
  }

  /** Reports, as ipywidgets does, that the model has no kernel any more. */
  cut(): void {
    this.#tell("comm_live_update");
  }

  answer(message: object, ...buffers: DataView[]): void {
    this.#tell("msg:custom", message, buffers);
  }

  #tell(event: string, ...args: [unknown?, DataView[]?]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(...args);
  }
}
