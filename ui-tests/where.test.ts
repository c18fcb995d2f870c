import type { Locator } from "playwright-core";
import { token } from "./controls";
import { PAIR } from "./examples";
import { expect, openNotebook, ready, scrollToCell, shareJupyterLab, test, view } from "./harness/index";
import { CHAT, longCapture } from "./long-capture";
import { resize, SIZES } from "./sizes";

shareJupyterLab();

const texts = (root: Locator, selector: string) => root.locator(selector).allTextContents();

test("positions stand beside tokens, and repeated tokens have theirs in the readout", async ({ page }) => {
  await openNotebook(page, [PAIR, "capture.head_view(layer=2, heads=[9])"]);
  const root = view(page, "head");
  for (const [width, height] of SIZES) {
    await resize(page, width, height);
    await ready(root, 2);
    expect(await texts(root, ".hs-query > .hs-position")).toEqual(["0", "2", "4", "6", "8", "10", "12", "14"]);
    const [mark, own] = [
      await root.locator(".hs-query > .hs-position").nth(1).boundingBox(),
      await token(root, "query", 2).boundingBox(),
    ];
    expect(mark && own && Math.abs(mark.y + mark.height / 2 - own.y - own.height / 2)).toBeLessThan(3);
    await token(root, "query", 9).hover();
    await expect.poll(() => root.locator(".hs-readout").textContent()).toMatch(/^cat \[9\] → /);
    await page.mouse.move(0, 0);
  }
});

test("positions stand between the lines of running text, and at a token under the pointer", async ({ page }) => {
  await openNotebook(page, [PAIR, "capture.text_view(layer=2)", `${CHAT}\ncapture.text_view(layer=5)`]);
  const numbers = (root: Locator) =>
    root.locator(".hs-prose-number").evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset.number));
  const [pair, chat] = [view(page, "text", 0), view(page, "text", 1)];
  for (const [width, height] of SIZES) {
    await resize(page, width, height);
    await scrollToCell(page, 1);
    await ready(pair, 2);
    expect(await numbers(pair)).toEqual(["0", "5", "10"]);
    expect(await token(pair, "query", 9).getAttribute("title")).toBe("position 9");
    await scrollToCell(page, 2);
    await ready(chat, 5);
    expect((await numbers(chat)).slice(0, 2)).toEqual(["0", expect.stringMatching(/^\d*[05]$/)]);
  }
});

test("the sentences of a pair are named and set apart in every view", async ({ page }) => {
  await openNotebook(page, [
    PAIR,
    "capture.head_view(layer=2)",
    "capture.matrix_view(layer=2, heads=[9])",
    "capture.neuron_view(layer=2, heads=[9])",
    "capture.text_view(layer=2)",
  ]);
  const names = ["Sentence A", "Sentence B"];
  for (const [width, height] of SIZES) {
    await resize(page, width, height);
    for (const [nth, [kind, selector]] of (
      [
        ["head", ".hs-query > .hs-part"],
        ["matrix", ".hs-part-name.hs-top"],
        ["neuron", ".hs-query > .hs-part"],
        ["text", ".hs-prose-title"],
      ] as const
    ).entries()) {
      await scrollToCell(page, nth + 1);
      const root = view(page, kind);
      await ready(root, 2);
      await expect.poll(() => texts(root, selector)).toEqual(names);
    }
    const head = view(page, "head");
    await scrollToCell(page, 1);
    const [rule, first] = [
      await head.locator(".hs-query > .hs-part").nth(1).boundingBox(),
      await token(head, "query", 8).boundingBox(),
    ];
    expect(rule && first && Math.abs(rule.y - first.y)).toBeLessThan(2);
  }
});

test("messages are named, and long axes have positions in place of single words", async ({ page }) => {
  await openNotebook(page, [
    CHAT,
    "capture.text_view(layer=5)",
    longCapture(1200).replace("capture =", "long ="),
    "long.matrix_view(layer=3, heads=[2])",
  ]);
  const text = view(page, "text");
  await ready(text, 5);
  expect(await texts(text, ".hs-prose-title")).toEqual(["system", "user", "assistant"]);
  await scrollToCell(page, 3);
  const map = view(page, "matrix");
  await ready(map, 3);
  const ticks = await texts(map, ".hs-tick[data-query]");
  expect(ticks.slice(0, 3)).toEqual(["0", expect.stringMatching(/^\d+$/), expect.stringMatching(/^\d+$/)]);
  expect(Number(ticks[1]) % 10).toBe(0);
});
