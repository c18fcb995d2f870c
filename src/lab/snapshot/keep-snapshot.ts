import type { DocumentRegistry } from "@jupyterlab/docregistry";
import type { IRenderMime } from "@jupyterlab/rendermime";
import { SNAPSHOT_TYPE, type Snapshot } from "../../contract.gen";
import type { SnapshotOffer } from "../../core/state/snapshot-offer";
import type { ViewState } from "../../core/state/view-state";
import type { TakenSnapshot } from "./take-snapshot";

/** The view follows the reader at once; the notebook follows after this pause. */
const REST_MS = 800;

type Context = DocumentRegistry.IContext<DocumentRegistry.IModel>;

/** Takes snapshots one after another, because all views of a capture move at once. */
export class SnapshotQueue {
  #last: Promise<unknown> = Promise.resolve();

  add(work: () => Promise<void>): void {
    this.#last = this.#last.then(work, work).catch(() => {
      // A view that shows an error, or is gone, has no newer snapshot. The notebook keeps the last one.
    });
  }
}

/**
 * Keeps a notebook's snapshot of a live view up to date until `ended` aborts. A view that matches its snapshot changes
 * nothing, so opening a notebook leaves it unmodified.
 */
export function keepSnapshot(
  model: IRenderMime.IMimeModel,
  offer: SnapshotOffer,
  context: Context,
  keeping: SnapshotQueue,
  ended: AbortSignal,
): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const kept = () => model.data[SNAPSHOT_TYPE] as unknown as Snapshot | undefined;
  const isBehind = () => isOfOther(kept(), offer) || differs(kept(), offer.state()) || hasOtherNotes(kept(), offer);
  const write = async () => {
    const now = kept();
    if (ended.aborted || !now) return;
    const { takeSnapshot } = await import("./take-snapshot");
    const taken = await takeSnapshot(offer, now, ended);
    if (!ended.aborted) model.setData(withTaken(model, taken));
  };
  const follow = () => {
    clearTimeout(timer);
    // A cell that was just run has already marked the notebook as changed. Then the page's picture, which shows the
    // view itself, replaces the kernel's.
    const isPlain = kept()?.drawn_by === "kernel" && context.model.dirty;
    if (isBehind() || isPlain) timer = setTimeout(() => keeping.add(write), REST_MS);
  };
  const saving = (_: Context, state: DocumentRegistry.SaveState) => {
    const now = kept();
    if (state !== "started" || !now || isOfOther(now, offer) || !isBehind()) return;
    // The saved state must match the view; its picture may follow with the next save.
    const saved = { ...now, state: moved(now, offer.state()), maps: noted(now, offer) };
    model.setData({ data: { ...model.data, [SNAPSHOT_TYPE]: saved as never } });
    follow();
  };
  offer.follow(follow, ended);
  context.saveState.connect(saving);
  ended.addEventListener("abort", () => {
    clearTimeout(timer);
    context.saveState.disconnect(saving);
  });
}

/** Keeps the theme that Python set, because a reader's own settings do not belong in a notebook. */
function moved({ state }: Snapshot, now: ViewState): Snapshot["state"] {
  return { ...state, ...now, theme: state.theme };
}

/** Whether the snapshot shows another of several texts than the view does. */
function isOfOther(kept: Snapshot | undefined, offer: SnapshotOffer): boolean {
  return kept !== undefined && kept.name !== offer.name();
}

function differs(kept: Snapshot | undefined, now: ViewState): boolean {
  if (!kept) return false;
  const next = moved(kept, now);
  return (Object.keys(next) as (keyof Snapshot["state"])[]).some(
    (name) => JSON.stringify(next[name]) !== JSON.stringify(kept.state[name]),
  );
}

function hasOtherNotes(kept: Snapshot | undefined, offer: SnapshotOffer): boolean {
  const notes = (maps: Snapshot["maps"]) => JSON.stringify(maps.map((map) => map.notes ?? []));
  return kept !== undefined && notes(kept.maps) !== notes(noted(kept, offer));
}

/** The maps of a snapshot with the notes on their heads as they are now. */
function noted({ maps }: Snapshot, offer: SnapshotOffer): Snapshot["maps"] {
  const now = offer.maps();
  return maps.map(({ notes: _, ...map }) => {
    const notes = now.find(({ name }) => name === map.name)?.notes;
    return notes ? { ...map, notes } : map;
  });
}

function withTaken(model: IRenderMime.IMimeModel, { snapshot, picture }: TakenSnapshot) {
  const { "image/png": _old, ...data } = model.data;
  const { "image/png": _size, ...metadata } = model.metadata;
  const { data: png, ...size } = picture;
  return {
    data: { ...data, [SNAPSHOT_TYPE]: snapshot as never, ...(png ? { "image/png": png } : {}) },
    metadata: { ...metadata, ...(png ? { "image/png": size } : {}) },
  };
}
