import { formatWeight } from "../src/core/look/format";
import { status, token } from "./controls";
import { expect, kernel, openNotebook, ready, shareJupyterLab, test, view } from "./harness/index";
import { CHAT, longCapture } from "./long-capture";

shareJupyterLab();

const names = (root: ReturnType<typeof view>, side: "query" | "key") =>
  root.locator(`.hs-${side} .hs-segment`).allTextContents();

test("the messages of a chat stand for their tokens, with Python's weights, and are opened by hand and from Python", async ({
  page,
}) => {
  await openNotebook(page, [CHAT, "view = capture.head_view(layer=5, head=1, merge_segments=True)\nview"]);
  const root = view(page, "head");
  await ready(root, 5);
  expect(await names(root, "query")).toEqual(["system", "user", "assistant"]);
  const weight = Number(await kernel(page, "float(capture.segment_weights(5, 1)[2, 0])"));
  await token(root, "query", 2).hover();
  await token(root, "key", 0).hover();
  await token(root, "query", 2).click();
  await token(root, "key", 0).hover();
  await expect.poll(() => status(root).textContent()).toContain(formatWeight(weight));
  expect(await status(root).textContent()).toContain("segments: sum over keys, mean over queries");

  await token(root, "key", 1).dblclick();
  await expect.poll(() => names(root, "key")).toEqual(["system", "assistant"]);
  await expect.poll(() => kernel(page, "view.open_segments")).toBe("[1]");
  await kernel(page, "view.open_segments = []");
  await expect.poll(() => names(root, "key")).toEqual(["system", "user", "assistant"]);
  await root.getByRole("button", { name: /^Simplify/ }).click();
  await root.getByRole("button", { name: "assistant", exact: true }).click();
  await expect.poll(() => kernel(page, "view.open_segments")).toBe("[2]");
  await root.getByLabel("Segments in place of tokens").uncheck();
  await expect.poll(() => names(root, "key")).toEqual([]);
  await expect.poll(() => kernel(page, "view.merge_segments")).toBe("False");
});

test("lines of a long text stand for their tokens, and the text and model views agree on them", async ({ page }) => {
  await openNotebook(page, [
    longCapture(1200).replace("inputs=batch", 'tokenizer.decode(batch["input_ids"][0]), segments="paragraphs"'),
    "capture.head_view(layer=3, head=2, merge_segments=True)",
  ]);
  const root = view(page, "head");
  await ready(root, 3);
  const [count, first] = JSON.parse(
    await kernel(
      page,
      'import json; s = capture.maps["self"].info()["key_segments"]; print(json.dumps([len(s), s[0]["name"]]))',
    ),
  );
  expect(await names(root, "key")).toContain(first);
  expect((await names(root, "key")).length).toBe(Math.min(40, count));
});
