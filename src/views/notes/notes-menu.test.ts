// @vitest-environment happy-dom
import { computed, signal } from "@preact/signals-core";
import { expect, test } from "vitest";
import { contextOf, MemorySource, mapDescription, named, press } from "../../../testing/view";
import type { PlacedNote } from "../../contract.gen";
import { createScene } from "../scene/scene";
import { notesMenu } from "./notes-menu";

function setUp(locked = "") {
  const notes = signal<readonly PlacedNote[]>([]);
  const context = {
    ...contextOf([mapDescription(["a", "b"])], new MemorySource()),
    notes: {
      notes,
      locked: computed(() => locked),
      write: (next: readonly PlacedNote[]) => {
        notes.value = next;
      },
    },
  };
  const ended = new AbortController();
  const scene = createScene(context, signal(false));
  const { controls, keys } = notesMenu(scene, ended.signal);
  const root = document.createElement("div");
  root.append(...controls);
  document.body.replaceChildren(root);
  const field = (name: string) => named(root, name) as HTMLInputElement;
  const button = (text: string) =>
    [...root.querySelectorAll("button")].find((one) => one.textContent === text) as HTMLButtonElement;
  const type = (name: string, text = "") => {
    field("Name").value = name;
    field("Note").value = text;
    root.querySelector("form")?.requestSubmit();
  };
  const openOn = (target: Element) => keys[0]?.press?.("n", target);
  return { notes, selection: context.selection, root, field, button, type, openOn };
}

test("a note is written on the shown head, read again, and removed", () => {
  const { notes, selection, root, field, button, type, openOn } = setUp();
  selection.layer.value = 2;
  selection.heads.value = [3];
  expect(openOn(root)).toBe(true);
  expect(document.activeElement).toBe(field("Name"));
  expect(root.textContent).toContain("Layer 2, head");
  type("induction", "<b>text</b>");
  expect(notes.value).toEqual([{ map: "self", layer: 2, head: 3, name: "induction", text: "<b>text</b>" }]);
  expect(root.querySelector("[role=status]")?.textContent).toBe("Saved: capture.notes[2, 3]");
  expect(root.querySelector(".hs-note-list")?.textContent).toBe("L2 H3induction");
  expect(root.querySelector("b")).toBeNull();
  button("Remove").click();
  expect(notes.value).toEqual([]);
  expect(field("Name").value).toBe("");
});

test("the key opens the note of the head with the focus, and the list leads to a head", () => {
  const { notes, selection, root, field, openOn } = setUp();
  notes.value = [{ map: "self", layer: 1, head: 2, name: "previous token", text: "" }];
  const square = document.createElement("button");
  Object.assign(square.dataset, { head: "2", layer: "1" });
  root.append(square);
  openOn(square);
  expect(field("Name").value).toBe("previous token");
  expect(field("Head of the note").value).toBe("2");
  root.querySelector<HTMLElement>(".hs-note-entry")?.click();
  expect([selection.layer.value, selection.heads.value]).toEqual([1, [2]]);
});

test("where notes can't be written the menu says why", () => {
  const { notes, root, field, button, type, openOn } = setUp("A saved page shows notes.");
  openOn(root);
  type("ignored");
  expect(notes.value).toEqual([]);
  expect(field("Name").readOnly).toBe(true);
  expect(button("Save").disabled).toBe(true);
  expect(root.textContent).toContain("A saved page shows notes.");
  press(field("Name"), "Escape");
  expect(root.querySelector<HTMLElement>(".hs-menu")?.hidden).toBe(true);
});
