import type { DocumentRegistry } from "@jupyterlab/docregistry";
import type { IRenderMime } from "@jupyterlab/rendermime";
import { SNAPSHOT_TYPE, type Snapshot } from "../contract.gen";
import type { SnapshotOffer } from "../core/snapshot-offer";
import type { ViewState } from "../core/view-state";
import type { Taken } from "./snapshot-take";

/** A reader who turns pages has the view follow at once, and the notebook when he rests. */
const REST_MS = 800;

type Context = DocumentRegistry.IContext<DocumentRegistry.IModel>;

/** Takes snapshots one after another: views of one capture all move at once. */
export class Keeping {
  #last: Promise<unknown> = Promise.resolve();

  add(work: () => Promise<void>): void {
    this.#last = this.#last.then(work, work).catch(() => {
      // A view that shows an error, or is gone, has no newer snapshot: the notebook keeps the last one.
    });
  }
}

/**
 * Keeps a notebook's snapshot of a live view as the view is, until `ended` aborts. A view that is as the notebook says
 * leaves the notebook alone: to open one changes nothing.
 */
export function keepSnapshot(
  model: IRenderMime.IMimeModel,
  offer: SnapshotOffer,
  context: Context,
  keeping: Keeping,
  ended: AbortSignal,
): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const kept = () => model.data[SNAPSHOT_TYPE] as unknown as Snapshot | undefined;
  const isBehind = () => differs(kept(), offer.state());
  const write = async () => {
    const now = kept();
    if (ended.aborted || !now) return;
    const { takeSnapshot } = await import("./snapshot-take");
    const taken = await takeSnapshot(offer, now, ended);
    if (!ended.aborted) model.setData(withTaken(model, taken));
  };
  const follow = () => {
    clearTimeout(timer);
    // A cell that was just run has marked the notebook as changed: then the page's picture, which is the view's, goes in.
    const isPlain = kept()?.drawn_by === "kernel" && context.model.dirty;
    if (isBehind() || isPlain) timer = setTimeout(() => keeping.add(write), REST_MS);
  };
  const saving = (_: Context, state: DocumentRegistry.SaveState) => {
    const now = kept();
    if (state !== "started" || !now || !isBehind()) return;
    // What is saved must say where the view is, though its picture may follow with the next save.
    model.setData({ data: { ...model.data, [SNAPSHOT_TYPE]: { ...now, state: moved(now, offer.state()) } as never } });
    follow();
  };
  offer.follow(follow, ended);
  context.saveState.connect(saving);
  ended.addEventListener("abort", () => {
    clearTimeout(timer);
    context.saveState.disconnect(saving);
  });
}

/** The theme is left as Python set it: a reader's own settings are no part of a notebook. */
function moved({ state }: Snapshot, now: ViewState): Snapshot["state"] {
  return { ...state, ...now, theme: state.theme };
}

function differs(kept: Snapshot | undefined, now: ViewState): boolean {
  if (!kept) return false;
  const next = moved(kept, now);
  return (Object.keys(next) as (keyof Snapshot["state"])[]).some(
    (name) => JSON.stringify(next[name]) !== JSON.stringify(kept.state[name]),
  );
}

function withTaken(model: IRenderMime.IMimeModel, { snapshot, picture }: Taken) {
  const { "image/png": _old, ...data } = model.data;
  const { "image/png": _size, ...metadata } = model.metadata;
  const { data: png, ...size } = picture;
  return {
    data: { ...data, [SNAPSHOT_TYPE]: snapshot as never, ...(png ? { "image/png": png } : {}) },
    metadata: { ...metadata, ...(png ? { "image/png": size } : {}) },
  };
}
