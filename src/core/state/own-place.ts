import { batch, computed, effect, type Signal, signal, untracked } from "@preact/signals-core";
import type { OwnPlace } from "../../contract.gen";
import { OPTIONS } from "../../options.gen";
import type { WritableSignal } from "../async/map-signal";
import type { Following, Selection, TokenPair } from "./context";

type Field = keyof OwnPlace;

const FIELDS = OPTIONS.filter(({ group }) => group === "place").map(({ name }) => name as Field);

/** What of its place is a view's own, as its kernel holds it. */
export interface OwnState {
  readonly own: Signal<OwnPlace>;
  /** The fields of `own` that the view gives up when the capture moves them. */
  readonly waiting: Signal<readonly string[]>;
}

/** A state of a view that follows in everything, and that no kernel holds. */
export function followingState(): OwnState {
  return { own: signal<OwnPlace>({}), waiting: signal<readonly string[]>([]) };
}

/**
 * The place of one view, until `ended` aborts. A field that is the view's own is read and written there; any other is
 * the capture's, so that writing it moves every view that follows.
 */
export function ownPlace(
  shared: Selection,
  state: OwnState,
  ended: AbortSignal,
): { readonly selection: Selection; readonly chain: Following } {
  const fields = Object.fromEntries(FIELDS.map((name) => [name, ownField(shared, state, name)]));
  const selection = { ...fields, hover: ownHover(shared, state) } as unknown as Selection;
  giveUpWhatMoves(shared, state, ended);
  return { selection, chain: chainOf(selection, state) };
}

function ownField(shared: Selection, { own, waiting }: OwnState, name: Field): WritableSignal<unknown> {
  const captures: WritableSignal<unknown> = shared[name];
  const shown = computed(() => (name in own.value ? own.value[name] : captures.value));
  const isKept = () => name in own.peek() && !waiting.peek().includes(name);
  return {
    get value() {
      return shown.value;
    },
    set value(next) {
      batch(() => {
        if (isKept()) own.value = { ...own.peek(), [name]: next };
        else {
          giveUp({ own, waiting }, [name]);
          captures.value = next;
        }
      });
    },
    peek: () => shown.peek(),
  };
}

/** Positions under the pointer belong to a map: views of another map don't share them. */
function ownHover(shared: Selection, { own }: OwnState): WritableSignal<TokenPair> {
  const alone = signal<TokenPair>({ query: null, key: null });
  const used = computed(() => ((own.value.map ?? shared.map.value) === shared.map.value ? shared.hover : alone));
  return {
    get value() {
      return used.value.value;
    },
    set value(next) {
      used.peek().value = next;
    },
    peek: () => used.peek().peek(),
  };
}

/** Drops what waits for the capture's next move as soon as the capture moves it. */
function giveUpWhatMoves(shared: Selection, state: OwnState, ended: AbortSignal): void {
  const now = () => FIELDS.map((name) => JSON.stringify(shared[name].value));
  let before = untracked(now);
  const stop = effect(() => {
    const after = now();
    const moved = FIELDS.filter((_, at) => after[at] !== before[at]);
    before = after;
    untracked(() => giveUp(state, moved));
  });
  ended.addEventListener("abort", stop, { once: true });
}

function giveUp({ own, waiting }: OwnState, names: readonly Field[]): void {
  const given = names.filter((name) => waiting.peek().includes(name));
  if (given.length === 0) return;
  batch(() => {
    const kept = Object.entries(own.peek()).filter(([name]) => !given.includes(name as Field));
    own.value = Object.fromEntries(kept) as OwnPlace;
    waiting.value = waiting.peek().filter((name) => !given.includes(name as Field));
  });
}

function chainOf(selection: Selection, { own, waiting }: OwnState): Following {
  const kept = computed(() => FIELDS.filter((name) => name in own.value && !waiting.value.includes(name)));
  return {
    kept,
    following: computed(() => (kept.value.length === 0 ? "all" : kept.value.length < FIELDS.length ? "part" : "none")),
    follow(isFollowing) {
      const here = Object.fromEntries(FIELDS.map((name) => [name, selection[name].peek()])) as OwnPlace;
      batch(() => {
        own.value = isFollowing ? {} : here;
        waiting.value = [];
      });
    },
  };
}
