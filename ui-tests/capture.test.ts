import { attentionControl, cell, layerControl, pressed, status, token } from "./controls";
import { expect, kernel, openNotebook, ready, reloadNotebook, shareJupyterLab, test, view } from "./harness/index";

shareJupyterLab();

const HOSTILE = `
import numpy as np
import headscope as hs

tokens = ["</script><img src=x onerror=alert(1)>", '"quoted"', "🙂", "שלום", "two\\nlines", "", "x" * 200, "<b>bold</b>"]
weights = [np.random.default_rng(0).dirichlet(np.ones(8), (2, 8)) for _ in range(3)]
weights[1][0, 2, 3] = np.nan
capture = hs.from_attentions(weights, tokens, name="<i>hostile</i>")
view = capture.head_view(heads=[0])
view
`;

test("tokens are shown as text: nothing in them is executed", async ({ page }) => {
  let isExecuted = false;
  page.once("dialog", async (dialog) => {
    isExecuted = true;
    await dialog.dismiss();
  });
  await openNotebook(page, [HOSTILE]);
  const root = view(page, "head");
  await ready(root);
  expect(await root.locator("img, script, b.bold, i:not(.hs-strength > span > i)").count()).toBe(0);
  const shown = await token(root, "query", 0).textContent();
  expect(shown).toMatch(/^<\/scri/);
  expect(await token(root, "query", 0).getAttribute("title")).toContain("</script><img src=x onerror=alert(1)>");
  expect(await token(root, "query", 2).textContent()).toContain("🙂");
  expect(await token(root, "query", 3).textContent()).toContain("שלום");
  expect(await token(root, "query", 4).textContent()).toContain("⏎");
  expect(await status(root).textContent()).toContain("<i>hostile</i>");
  expect(isExecuted).toBe(false);
});

test("missing weights are reported as missing", async ({ page }) => {
  await openNotebook(page, [HOSTILE]);
  const root = view(page, "head");
  await ready(root);
  await layerControl(root).selectOption("1");
  await ready(root, 1);
  await expect.poll(() => status(root).textContent()).toMatch(/1 weight is missing/);
  await token(root, "query", 2).hover();
  await token(root, "query", 2).click();
  await token(root, "key", 3).hover();
  await expect.poll(() => status(root).textContent()).toContain("missing");
});

const ENCODER_DECODER = `
import numpy as np
import headscope as hs

weights = lambda layers, heads, queries, keys: [
    np.random.default_rng(layer).dirichlet(np.full(keys, 0.2), (heads, queries)) for layer in range(layers)
]
capture = hs.from_attentions(
    encoder_attentions=weights(2, 3, 6, 6),
    decoder_attentions=weights(4, 2, 4, 4),
    cross_attentions=weights(4, 5, 4, 6),
    encoder_tokens=list("source"), decoder_tokens=list("goal"),
)
view = capture.head_view()
view
`;

test("encoder, decoder and cross-attention may differ in layers and heads", async ({ page }) => {
  await openNotebook(page, [ENCODER_DECODER, "capture.model_view()"]);
  const [head, model] = [view(page, "head"), view(page, "model")];
  await ready(head, 0);
  await attentionControl(head).selectOption({ label: "Cross" });
  await layerControl(head).selectOption("3");
  await ready(head, 3);
  await expect.poll(() => kernel(page, "view.map, view.layer, len(view.heads)")).toBe("('cross', 3, 5)");
  expect(await head.locator("[data-query]:visible").count()).toBe(4);
  expect(await head.locator("[data-key]:visible").count()).toBe(6);
  await ready(model, 3);
  expect(await cell(model, 3, 4).count()).toBe(1);

  await attentionControl(head).selectOption({ label: "Encoder" });
  await ready(head, 1);
  await expect.poll(() => kernel(page, "view.map, view.layer")).toBe("('encoder', 1)");
  await ready(model, 1);
  expect(await cell(model, 3, 0).count()).toBe(0);
});

test("after a reload of the page, a view is as the reader left it", async ({ page }) => {
  await openNotebook(page, [ENCODER_DECODER]);
  const root = view(page, "head");
  await ready(root, 0);
  await attentionControl(root).selectOption({ label: "Decoder" });
  await layerControl(root).selectOption("2");
  await ready(root, 2);
  await reloadNotebook(page);
  const again = view(page, "head");
  // The notebook's snapshot comes first.
  await expect.poll(() => again.locator(".hs-status").textContent()).toBe("live");
  await ready(again, 2);
  expect(await attentionControl(again).locator("option:checked").textContent()).toBe("Decoder");
});

const LARGE = `
import numpy as np
import headscope as hs

size, layers, heads = 400, 6, 12
weights = [np.random.default_rng(layer).dirichlet(np.full(size, 0.02), (heads, size)).astype("f2") for layer in range(layers)]
capture = hs.from_attentions(weights, [f"t{i}" for i in range(size)])
view = capture.head_view(heads=[2])
view
`;

test("a large capture requests only what the reader looks at, and says when it waits for the kernel", async ({
  page,
}) => {
  await openNotebook(page, [LARGE]);
  const root = view(page, "head");
  await ready(root, 0);
  await layerControl(root).selectOption("4");
  await ready(root, 4);

  // Without a subshell, the kernel cannot answer while a user's cell runs.
  await kernel(page, "view.store._lock.acquire()");
  await layerControl(root).selectOption("1");
  await expect.poll(() => root.getAttribute("data-state")).toBe("pending");
  await expect.poll(() => status(root).textContent()).toContain("Waiting for the kernel");
  expect(await root.getAttribute("data-layer")).toBe("4");
});

test.for([
  ["one token", "[np.ones((1, 1, 1))]", "['only']", 1, 1],
  ["64 heads", "[np.full((64, 3, 3), 1 / 3)] * 2", "list('abc')", 64, 128],
  ["differing heads", "[np.full((heads, 3, 3), 1 / 3) for heads in (1, 16, 4)]", "list('abc')", 1, 21],
] as const)("%s", async ([, weights, tokens, heads, cells], { page }) => {
  const cell = `import numpy as np, headscope as hs\ncapture = hs.from_attentions(${weights}, ${tokens})`;
  await openNotebook(page, [cell, "capture.head_view()", "capture.model_view(detail=True)"]);
  await ready(view(page, "head"), 0);
  await ready(view(page, "model"), 0);
  expect(await pressed(view(page, "head"))).toBe(heads);
  expect(
    await view(page, "model")
      .getByRole("button", { name: /^Layer \d+ head \d+$/ })
      .count(),
  ).toBe(cells);
});
