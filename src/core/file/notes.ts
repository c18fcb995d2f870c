import type { HeadNote, MapFindings } from "../../contract.gen";
import { isShowable, MAX_NAME, MAX_NOTES, MAX_TEXT } from "../state/notes";
import { Fields } from "./fields";

/** Reads the notes on the heads of a map. Throws an error with a message for users. */
export function readNotes(fields: Fields, numHeads: readonly number[]): MapFindings {
  if (!fields.has("notes")) return {};
  const list = fields.list("notes");
  if (list.length > MAX_NOTES) fields.fail(`there are ${list.length} notes, more than ${MAX_NOTES}`);
  const seen = new Set<string>();
  const notes = list.map((value, index): HeadNote => {
    const note = new Fields(value, `${fields.where}, note ${index}`);
    const layer = note.count("layer", 0, numHeads.length - 1);
    const head = note.count("head", 0, (numHeads[layer] as number) - 1);
    const [name, text] = [note.text("name"), note.text("text")];
    if (!isShowable(name, MAX_NAME)) note.fail("its name is too long or has characters that can't be shown");
    if (!isShowable(text, MAX_TEXT, true)) note.fail("its text is too long or has characters that can't be shown");
    if (!name && !text) note.fail("it is empty");
    const place = `${layer} ${head}`;
    if (seen.has(place)) note.fail("there is another note on the same head");
    seen.add(place);
    return { layer, head, name, text };
  });
  return notes.length > 0 ? { notes } : {};
}
