import type { AnyModel } from "@anywidget/types";
import { describe, expect, it } from "vitest";
import type { ViewTraits } from "../contract.gen";
import { MemoryModel } from "../sources/testing";
import { pageMaker } from "./exporting";

function setUp() {
  const model = new MemoryModel();
  const ended = new AbortController();
  return { model, ended, makePage: pageMaker(model as unknown as AnyModel<ViewTraits>, ended.signal) };
}

const bytes = (text: string) => new DataView(new TextEncoder().encode(text).buffer);

describe("pages from the kernel", () => {
  it("are put together from all parts of their own answer", async () => {
    const { model, ended, makePage } = setUp();
    const pages = [makePage("shown", ended.signal), makePage("all", ended.signal)];
    const [first, second] = model.sent.map(({ id }) => id);
    expect(model.sent).toMatchObject([
      { type: "export-html", layers: "shown" },
      { type: "export-html", layers: "all" },
    ]);
    model.answer({ type: "html", id: "of another page", done: true }, bytes("wrong"));
    model.answer({ type: "html", id: second, done: false }, bytes("<b>"));
    model.answer({ type: "html", id: first, done: true }, bytes("one"));
    model.answer({ type: "html", id: second, done: true }, bytes("two"), bytes("</b>"));
    expect(await Promise.all(pages.map(async (page) => (await page).text()))).toEqual(["one", "<b>two</b>"]);
    expect((await pages[0])?.type).toBe("text/html");
  });

  it("that can't be made fail with the kernel's sentence", async () => {
    const { model, ended, makePage } = setUp();
    const page = makePage("all", ended.signal);
    model.answer({ type: "error", id: model.sent[0]?.id, message: "The disk is full." });
    await expect(page).rejects.toThrow("The disk is full.");
  });

  it("are no longer waited for once the view is closed", async () => {
    const { ended, makePage } = setUp();
    const page = makePage("all", ended.signal);
    ended.abort();
    await expect(page).rejects.toThrow("closed");
  });
});
