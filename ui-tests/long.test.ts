import { kernel, openNotebook, ready, screenshot, setTheme, test, view } from "./harness";
import { longCapture } from "./long-capture";

test("looks", async ({ page }) => {
  await openNotebook(page, [
    longCapture(4096),
    "view = capture.head_view(layer=3, heads=[0,2])\nview",
    "capture.text_view()",
    "capture.neuron_view(layer=3, head=2)",
  ]);
  const head = view(page, "head");
  await ready(head, 3);
  await screenshot(head, "long-head-start");
  await kernel(page, "capture.select(query=2500)");
  await screenshot(head, "long-head-pinned");
  const text = view(page, "text");
  await text.scrollIntoViewIfNeeded();
  await ready(text, 3);
  await screenshot(text, "long-text");
  const neuron = view(page, "neuron");
  await neuron.scrollIntoViewIfNeeded();
  await ready(neuron, 3);
  await screenshot(neuron, "long-neuron");
  await setTheme(page, "JupyterLab Dark");
  await head.scrollIntoViewIfNeeded();
  await screenshot(head, "long-head-dark");
});
