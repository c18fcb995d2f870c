// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { contextOf, fullSource, mapDescription } from "../../../testing/view";
import type { MakePage } from "../../core/state/context";
import { openRoot } from "../frame/root";
import { exportMenu } from "./export-menu";

const MAP = mapDescription(["a", "b"]);

function setUp(makePage?: MakePage) {
  const root = document.body.appendChild(document.createElement("div"));
  const ended = new AbortController();
  const context = { ...contextOf([MAP], fullSource([MAP])), makePage };
  const scene = openRoot(root, "head", context, ended.signal);
  const { control } = exportMenu(scene, root, ended.signal);
  root.append(control);
  const buttons = () => [...control.querySelectorAll<HTMLButtonElement>(".hs-menu-item")];
  const entry = (text: string) => buttons().find(({ textContent }) => textContent === text) as HTMLButtonElement;
  const said = () => control.querySelector("[role=status]")?.textContent;
  return { root, control, buttons, entry, said, context };
}

describe("the Export menu", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    vi.useRealTimers();
    document.body.replaceChildren();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  it("offers pages only if a kernel can make them", () => {
    const names = (makePage?: MakePage) =>
      setUp(makePage)
        .buttons()
        .map(({ textContent }) => textContent);
    expect(names()).toEqual(["SVG", "PNG (2x)", "Copy as Python", "Table of weights"]);
    expect(names(() => new Promise(() => {}))).toContain("HTML page: all layers");
  });

  it("says that the kernel is busy while it does not answer, and then where the page was saved", async () => {
    let fail: (error: Error) => void = () => {};
    const { entry, said } = setUp(() => new Promise((_, reject) => (fail = reject)));
    const page = entry("HTML page: this layer");
    page.click();
    expect(page.disabled).toBe(true);
    await vi.advanceTimersByTimeAsync(600);
    expect(said()).toBe("");
    await vi.advanceTimersByTimeAsync(200);
    expect(said()).toContain("The kernel is busy");
    fail(new Error("The kernel no longer has this capture."));
    await vi.advanceTimersByTimeAsync(0);
    expect(said()).toBe("The kernel no longer has this capture.");
    expect(page.disabled).toBe(false);
  });

  it("closes once a file is saved, and says so until the reader goes on", async () => {
    const make: MakePage = async () => new Blob(["<html>"]);
    // This DOM would follow the link of the download.
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(() => {});
    const { control, entry } = setUp(make);
    const panel = control.querySelector<HTMLElement>(".hs-menu");
    control.querySelector<HTMLElement>(".hs-menu-button")?.click();
    expect(panel?.hidden).toBe(false);
    entry("HTML page: this layer").click();
    await vi.advanceTimersByTimeAsync(0);
    expect(panel?.hidden).toBe(true);
    const saved = control.querySelector(".hs-export-saved");
    expect(saved?.textContent).toMatch(/^Saved .*\.html$/);
    document.dispatchEvent(new Event("pointerdown"));
    expect(saved?.textContent).toBe("");
  });

  it("says why it cannot make a picture of a view that shows an error", async () => {
    const { root, entry, said } = setUp();
    entry("SVG").click();
    root.dataset.state = "error";
    await vi.advanceTimersByTimeAsync(0);
    expect(said()).toContain("could not be drawn");
  });

  it("shows the line of Python if the page may not copy, as without https", async () => {
    vi.stubGlobal("navigator", { ...navigator, clipboard: undefined });
    const { control, entry, said, context } = setUp();
    context.selection.layer.value = 2;
    entry("Copy as Python").click();
    await vi.advanceTimersByTimeAsync(0);
    const line = control.querySelector<HTMLInputElement>("input[readonly]");
    expect([line?.hidden, line?.value]).toEqual([false, "capture.head_view(layer=2)"]);
    expect(said()).toContain("Copy this line");
  });
});
