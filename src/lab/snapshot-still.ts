import { element } from "../dom/element";

const HELD = "The notebook keeps a picture of this view, its weights are too many. Run the cell to explore it.";

/** What is shown of a view that the notebook keeps no weights of: its picture, if any, and a sentence. */
export function stillOf(picture: unknown, width: unknown, sentence = HELD): HTMLElement {
  const note = element("div", { class: "headscope-note" }, sentence);
  const box = element("div", { class: "headscope-still" });
  if (typeof picture === "string" && picture) {
    const image = element("img", {
      alt: "Picture of the view as it was left",
      src: `data:image/png;base64,${picture}`,
    });
    if (typeof width === "number" && width > 0) image.width = width;
    box.append(image);
  }
  box.append(note);
  return box;
}
