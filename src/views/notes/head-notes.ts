import type { PlacedNote } from "../../contract.gen";
import { noteOn, noteTitle } from "../../core/state/notes";
import { setAttribute } from "../../dom/element";
import type { Scene } from "../scene/scene";

/** The note on a head of the shown map. */
export function noteOfHead({ context, wholeMap }: Scene, layer: number, head: number): PlacedNote | undefined {
  const map = wholeMap.value?.name;
  return map === undefined ? undefined : noteOn(context.notes?.notes.value ?? [], { map, layer, head });
}

/** The title of the note on a head; empty if there is none. */
export function noteNameOf(scene: Scene, layer: number, head: number): string {
  const note = noteOfHead(scene, layer, head);
  return note ? noteTitle(note) : "";
}

/** Marks a square or a thumbnail whose head has a note, and says the note with it. `title` is what it says otherwise. */
export function markNoted(target: Element, note: PlacedNote | undefined, title?: string): void {
  if (!note && !target.hasAttribute("data-noted")) return;
  const said = note && [note.name, note.text].filter(Boolean).join("\n");
  setAttribute(target, "data-noted", note !== undefined);
  setAttribute(target, "aria-description", said);
  if (title !== undefined) setAttribute(target, "title", said ? `${said}\n${title}` : title);
}
