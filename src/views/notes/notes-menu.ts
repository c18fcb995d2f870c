import { computed, type Signal, signal as signalOf, untracked } from "@preact/signals-core";
import type { PlacedNote } from "../../contract.gen";
import { isComposed } from "../../core/composed/composed-map";
import { layerName } from "../../core/look/layer-name";
import { MAX_NAME, MAX_NOTES, MAX_TEXT, type NotedHead, noteOn, noteTitle, withNote } from "../../core/state/notes";
import { pythonString } from "../../core/state/python-call";
import { element } from "../../dom/element";
import { menu } from "../../dom/menu";
import { effectUntil } from "../../dom/until";
import type { KeyBinding } from "../frame/keys";
import { goToHead } from "../scene/choose-head";
import type { Scene } from "../scene/scene";

/** The notes of a capture in a toolbar. */
export interface NoteControls {
  readonly controls: readonly HTMLElement[];
  readonly keys: readonly KeyBinding[];
}

const NAME = "Notes";
const OF_ONE_MAP = "A note is on a head of one attention: choose the encoder, decoder or cross-attention.";

/**
 * Shows, writes and removes notes on heads: of the head with the focus, or else of the first shown one; and lists all
 * notes of the capture, each of which leads to its head. `pointed` is the head under the pointer.
 */
export function notesMenu(
  scene: Scene,
  signal: AbortSignal,
  pointed: () => Pick<NotedHead, "layer" | "head"> | null = () => null,
): NoteControls {
  const book = scene.context.notes;
  if (!book) return { controls: [], keys: [] };
  const place = signalOf<NotedHead>({ map: "", layer: 0, head: 0 });
  const shown = (): NotedHead => ({
    map: scene.wholeMap.value?.name ?? "",
    layer: scene.layer.value,
    head: scene.heads.value[0] ?? 0,
  });
  const { form, name, say } = noteForm(scene, place, signal);
  const list = noteList(scene, place, signal);
  const made = menu(NAME, [form, list], signal);
  const panel = made.control.querySelector<HTMLElement>(".hs-menu");
  panel?.classList.add("hs-head-notes");
  made.button.dataset.icon = "notes";
  made.button.title = "Names and notes on heads (n)";
  const count = computed(() => book.notes.value.length);
  effectUntil(signal, () => {
    made.button.textContent = count.value > 0 ? `${NAME} (${count.value})` : NAME;
    made.button.dataset.count = count.value > 0 ? String(count.value) : "";
  });
  // A menu that is opened, and the view that moves under an open one, begin with the head on screen.
  const begin = (at: NotedHead) => {
    say("");
    place.value = at;
  };
  made.button.addEventListener("click", () => begin(untracked(shown)), { signal });
  effectUntil(signal, () => {
    const at = shown();
    untracked(() => panel && !panel.contains(document.activeElement) && begin(at));
  });
  const press = (key: string, target: Element) => {
    if (key !== "n") return false;
    const at = headOf(target) ?? pointed() ?? untracked(shown);
    made.open();
    begin({ ...untracked(shown), ...at });
    name.focus({ preventScroll: true });
    name.select();
    return true;
  };
  return {
    controls: [made.control],
    keys: [
      { keys: "n", meaning: "a note on the head with the focus or under the pointer, or on the shown one", press },
    ],
  };

  /** The head whose square or thumbnail this is. */
  function headOf(target: Element): Partial<NotedHead> | null {
    const { layer, head } = target.closest<HTMLElement>("[data-head]")?.dataset ?? {};
    if (head === undefined) return null;
    return { head: Number(head), ...(layer === undefined ? {} : { layer: Number(layer) }) };
  }
}

type Place = Signal<NotedHead>;

function noteForm(scene: Scene, place: Place, signal: AbortSignal) {
  const book = scene.context.notes as NonNullable<Scene["context"]["notes"]>;
  const locked = computed(() => book.locked.value || (isComposed(scene.wholeMap.value) ? OF_ONE_MAP : ""));
  const which = element("span", { class: "hs-note-place" });
  const heads = element("select", { "aria-label": "Head of the note" });
  const name = element("input", {
    type: "text",
    class: "hs-note-name",
    "aria-label": "Name",
    maxlength: MAX_NAME,
    placeholder: "Name, such as induction",
  });
  const text = element("textarea", {
    class: "hs-note-text",
    "aria-label": "Note",
    maxlength: MAX_TEXT,
    rows: 3,
    placeholder: "What this head does",
  });
  const save = element("button", { type: "submit", class: "hs-button" }, "Save");
  const remove = element("button", { type: "button", class: "hs-button" }, "Remove");
  const said = element("div", { class: "hs-quiet hs-note-said", role: "status" });
  const say = (what: string) => {
    said.textContent = what;
  };
  const form = element(
    "form",
    { class: "hs-note-form" },
    element("label", { class: "hs-note-head" }, which, heads),
    name,
    text,
    element("div", { class: "hs-note-buttons" }, save, remove),
    said,
  );
  const keep = (named: string, told: string) => {
    const before = book.notes.peek();
    const after = withNote(before, place.peek(), named, told);
    if (after.length > MAX_NOTES) return say(`A capture keeps at most ${MAX_NOTES} notes: remove one first.`);
    book.write(after);
    const isThere = noteOn(after, place.peek()) !== undefined;
    say(isThere ? `Saved: ${inPython(scene, place.peek())}` : before.length > after.length ? "Removed." : "");
  };
  form.addEventListener(
    "submit",
    (event) => {
      event.preventDefault();
      if (locked.peek() === "") keep(name.value, text.value);
    },
    { signal },
  );
  remove.addEventListener(
    "click",
    () => {
      keep("", "");
      name.focus({ preventScroll: true });
    },
    { signal },
  );
  text.addEventListener(
    "keydown",
    (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    },
    { signal },
  );
  heads.addEventListener(
    "change",
    () => {
      say("");
      place.value = { ...place.peek(), head: Number(heads.value) };
    },
    { signal },
  );
  effectUntil(signal, () => {
    const { map, layer, head } = place.value;
    const described = scene.context.maps.value.find((one) => one.name === map);
    const count = described?.num_heads[layer] ?? 0;
    which.textContent = `Layer ${layerName(described, layer)}, head`;
    heads.replaceChildren(
      ...Array.from({ length: count }, (_, one) => {
        const note = noteOn(book.notes.value, { map, layer, head: one });
        return element("option", { value: one }, note ? `${one}: ${noteTitle(note)}` : String(one));
      }),
    );
    heads.value = String(head);
  });
  // What is typed stays while other notes change.
  const held = computed(() => JSON.stringify(noteOn(book.notes.value, place.value) ?? null));
  effectUntil(signal, () => {
    void place.value;
    const note = JSON.parse(held.value) as PlacedNote | null;
    name.value = note?.name ?? "";
    text.value = note?.text ?? "";
    remove.hidden = note === null;
  });
  effectUntil(signal, () => {
    const why = locked.value;
    name.readOnly = why !== "";
    text.readOnly = why !== "";
    save.disabled = why !== "";
    remove.disabled = why !== "";
    said.textContent = why;
  });
  return { form, name, say: (what: string) => say(locked.peek() || what) };
}

/** How Python reads the note. */
function inPython({ context }: Scene, { map, layer, head }: NotedHead): string {
  const isFirst = context.maps.peek()[0]?.name === map;
  return `capture.notes[${isFirst ? "" : `${pythonString(map)}, `}${layer}, ${head}]`;
}

/** All notes of the capture; a click on one leads to its head. */
function noteList(scene: Scene, place: Place, signal: AbortSignal): HTMLElement {
  const { notes, maps } = { notes: scene.context.notes?.notes, maps: scene.context.maps };
  const list = element("div", { class: "hs-note-list", role: "group", "aria-label": "Notes of this capture" });
  const entries = computed(() =>
    (notes?.value ?? []).map((note) => {
      const map = maps.value.find(({ name }) => name === note.map);
      const where = `L${layerName(map, note.layer)} H${note.head}${maps.value.length > 1 ? ` ${map?.label ?? ""}` : ""}`;
      const button = element(
        "button",
        { type: "button", class: "hs-button hs-menu-item hs-note-entry", title: note.text || undefined },
        element("span", { class: "hs-note-where" }, where),
        element("bdi", { class: "hs-note-title" }, noteTitle(note)),
      );
      button.addEventListener(
        "click",
        () => {
          goToHead(scene, note.map, note.layer, note.head);
          place.value = { map: note.map, layer: note.layer, head: note.head };
        },
        { signal },
      );
      return button;
    }),
  );
  effectUntil(signal, () => {
    list.hidden = entries.value.length === 0;
    list.replaceChildren(...entries.value);
  });
  return list;
}
