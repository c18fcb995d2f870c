import { signal as signalOf } from "@preact/signals-core";
import type { PictureFormat, ViewKind } from "../../contract.gen";
import { pythonCall } from "../../core/state/python-call";
import { download, downloadWords } from "../../dom/download";
import { element } from "../../dom/element";
import { checkbox } from "../../dom/inputs";
import { type Menu, menu } from "../../dom/menu";
import { openWeightsTable } from "../frame/weights-table";
import type { Scene } from "../scene/scene";
import { viewPicture } from "./export-picture";
import { fileName } from "./file-name";

/** Pixels of a PNG per CSS pixel. */
const SCALE = 2;
/** A kernel that has not answered for this long counts as busy. */
const BUSY_MS = 700;

/** Saves what the view shows: as a picture, as a page, or as the line of Python that shows it again. */
export function exportMenu(scene: Scene, root: HTMLElement, signal: AbortSignal): Menu {
  const { context } = scene;
  const view = root.dataset.view as ViewKind;
  const transparent = signalOf(false);
  const said = element("div", { class: "hs-export-said hs-quiet", role: "status" });
  const line = element("input", { type: "text", readonly: true, hidden: true, "aria-label": "Python" });
  const say = (text: string) => {
    said.textContent = text;
    line.hidden = true;
  };
  // Stays under the button, out of the closed menu, until the reader goes on.
  const saved = element("div", { class: "hs-export-saved", role: "status" });
  const forget = () => {
    saved.textContent = "";
  };
  for (const next of ["pointerdown", "keydown"]) document.addEventListener(next, forget, { capture: true, signal });
  const entry = (text: string, run: () => Promise<string | null>) => {
    const button = element("button", { type: "button", class: "hs-button hs-menu-item" }, text);
    const start = async () => {
      button.disabled = true;
      say("");
      const message = await run().catch((error: Error) => error.message);
      if (message !== null) say(message);
      button.disabled = false;
    };
    button.addEventListener("click", () => void start(), { signal });
    return button;
  };
  const save = (file: Blob, name: string) => {
    download(file, name);
    made.close();
    if (made.control.contains(document.activeElement)) made.button.focus({ preventScroll: true });
    saved.textContent = downloadWords(name);
    return null;
  };
  const picture = async (format: PictureFormat) =>
    save(
      await viewPicture(root, context, format, SCALE, signal, { transparent: transparent.value }),
      fileName(scene, view, format),
    );
  const page = async (layers: "shown" | "all") => {
    const busy = setTimeout(() => say("The kernel is busy: the page follows once it is free."), BUSY_MS);
    try {
      const file = await context.makePage?.(layers, signal);
      return file ? save(file, fileName(scene, view, "html")) : null;
    } finally {
      clearTimeout(busy);
    }
  };
  const copy = async () => {
    const text = pythonCall(view, context);
    try {
      await navigator.clipboard.writeText(text);
      return `Copied ${text}`;
    } catch {
      say("The browser does not let the page copy. Copy this line:");
      line.value = text;
      line.hidden = false;
      line.select();
      return null;
    }
  };
  const pages = context.makePage
    ? [entry("HTML page: this layer", () => page("shown")), entry("HTML page: all layers", () => page("all"))]
    : [];
  const made = menu(
    "Export",
    [
      entry("SVG", () => picture("svg")),
      entry(`PNG (${SCALE}x)`, () => picture("png")),
      ...pages,
      entry("Copy as Python", copy),
      entry("Table of weights", async () => {
        if (!openWeightsTable(root)) return "This view shows no head: open one first.";
        made.close();
        return null;
      }),
      checkbox("Pictures without a background", transparent, signal),
      said,
      line,
    ],
    signal,
  );
  made.control.append(saved);
  made.button.dataset.icon = "export";
  made.button.title = "Export: a picture, a page, or the line of Python";
  made.control.querySelector(".hs-menu")?.classList.add("hs-export");
  return made;
}
