import type { AnyModel } from "@anywidget/types";
import { signal as newSignal } from "@preact/signals-core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MemoryModel } from "../../testing/kernel";
import type { ViewTraits } from "../contract.gen";
import type { ViewContext } from "../core/state/context";
import { answerExports, pageMaker } from "./exporting";

function setUp() {
  const model = new MemoryModel();
  const ended = new AbortController();
  return { model, ended, makePage: pageMaker(model as unknown as AnyModel<ViewTraits>, ended.signal) };
}

const bytes = (text: string) => new DataView(new TextEncoder().encode(text).buffer);

describe("a view that is drawn after its notebook was closed", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("reports nothing, neither at once nor later nor when it is asked, and throws nothing", async () => {
    const { model, ended } = setUp();
    const context = { status: newSignal("live") } as unknown as ViewContext;
    model.isMute = true;
    answerExports(model as unknown as AnyModel<ViewTraits>, {} as HTMLElement, context, ended.signal);
    await vi.advanceTimersByTimeAsync(1000);
    model.answer({ type: "export", id: "1", format: "svg", scale: 1 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(model.sent).toEqual([]);
    model.isMute = false;
    model.answer({ type: "export", id: "2", format: "svg", scale: 1 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(model.sent).toMatchObject([{ type: "export-error", id: "2" }]);
  });
});

describe("pages from the kernel", () => {
  it("are assembled from all parts of their own answer", async () => {
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

  it("that cannot be made reject with the kernel's message", async () => {
    const { model, ended, makePage } = setUp();
    const page = makePage("all", ended.signal);
    model.answer({ type: "error", id: model.sent[0]?.id, message: "The disk is full." });
    await expect(page).rejects.toThrow("The disk is full.");
  });

  it("reject once the view is closed", async () => {
    const { ended, makePage } = setUp();
    const page = makePage("all", ended.signal);
    ended.abort();
    await expect(page).rejects.toThrow("closed");
  });
});
