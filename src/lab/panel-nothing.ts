import { element } from "../dom/element";

const EXAMPLE = `import headscope as hs

capture = hs.capture(
    model, tokenizer, text
)
capture`;

/** What to do while no notebook holds a capture. */
export function nothingHere(): HTMLElement {
  return element(
    "div",
    { class: "headscope-panel-nothing" },
    element("p", {}, "No open notebook shows a capture. Run a cell that ends in one:"),
    element("pre", {}, EXAMPLE),
    element(
      "p",
      {},
      "It is listed here as long as its cell shows it and its kernel runs. After a restart, run the cell again.",
    ),
  );
}
