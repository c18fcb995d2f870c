import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { contextOf, fullSource, headWeights, MemorySource, mapDescription, named, press } from "../../../testing/view";
import type { MapDescription } from "../../contract.gen";
import { headView } from "./head-view";

// @vitest-environment happy-dom

let ending: AbortController;

beforeEach(() => {
  ending = new AbortController();
  document.body.replaceChildren();
});

afterEach(() => ending.abort());

const TOKENS = ["[CLS]", " the", " cat", " sat", "[SEP]"];

function open(
  maps: readonly MapDescription[] = [mapDescription(TOKENS, { query_special: [0, 4] })],
  source = fullSource(maps),
) {
  const context = contextOf(maps, source);
  const root = document.createElement("div");
  document.body.append(root);
  const draw = () => headView(root, context, ending.signal);
  draw();
  const token = (side: string, position: number) => root.querySelector(`[data-${side}="${position}"]`) as HTMLElement;
  const toggle = (head: number) => named(root, `Head ${head}`);
  const pressed = () => [...root.querySelectorAll(".hs-toggle[aria-pressed=true]")].map((one) => one.textContent);
  const readout = () => root.querySelector(".hs-readout")?.textContent ?? "";
  return { root, context, source, token, toggle, pressed, readout };
}

const hover = (target: Element) => target.dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));

test("the root says which layer is painted", () => {
  const { root, context } = open();
  expect(root.classList.contains("headscope")).toBe(true);
  expect({ ...root.dataset }).toMatchObject({ view: "head", state: "ready", layer: "0", theme: "auto" });
  context.selection.layer.value = 2;
  expect(root.dataset).toMatchObject({ state: "ready", layer: "2" });
  expect(root.getAttribute("aria-label")).toBe("Head view: Tiny");
});

test("the layer control, its buttons and the keys change one selection", () => {
  const { root, context } = open();
  const { layer } = context.selection;
  const select = named(root, "Layer") as HTMLSelectElement;
  expect([...select.options].map((option) => option.value)).toEqual(["0", "1", "2"]);
  expect((named(root, "Previous layer") as HTMLButtonElement).disabled).toBe(true);
  named(root, "Next layer").click();
  expect([layer.value, select.value]).toEqual([1, "1"]);
  select.value = "2";
  select.dispatchEvent(new Event("change"));
  expect(layer.value).toBe(2);
  press(root, "[");
  press(root, "ArrowUp");
  press(root, "ArrowUp");
  expect(layer.value).toBe(0);
  press(select, "]");
  press(select, "ArrowDown");
  expect(layer.value).toBe(1);
});

test("a click shows a head alone or all again, and with Ctrl, Cmd or Shift adds or removes it", () => {
  const { root, context, toggle, pressed } = open();
  const { heads } = context.selection;
  const click = (head: number, held: MouseEventInit = {}) =>
    toggle(head).dispatchEvent(new MouseEvent("click", { bubbles: true, ...held }));
  expect(pressed()).toEqual(["0", "1", "2", "3"]);
  click(1);
  expect([heads.value, pressed()]).toEqual([[1], ["1"]]);
  for (const [at, held] of ["ctrlKey", "metaKey"].entries()) click(2 + at, { [held]: true });
  expect(heads.value).toEqual([1, 2, 3]);
  click(2, { shiftKey: true });
  expect(heads.value).toEqual([1, 3]);
  click(3, { detail: 1 });
  click(3, { detail: 2 });
  expect(heads.value).toEqual([3]);
  click(3, { shiftKey: true });
  expect(heads.value).toEqual([3]);
  click(3);
  expect(heads.value).toBeNull();
  press(root, "2");
  expect(heads.value).toEqual([0, 1, 3]);
  press(root, "a");
  expect(heads.value).toBeNull();
});

test("layers with different numbers of heads have their own toggles", () => {
  const { context, pressed } = open([mapDescription(["a", "b"], { num_heads: [4, 2, 4] })]);
  context.selection.heads.value = [1, 3];
  context.selection.layer.value = 1;
  expect(pressed()).toEqual(["1"]);
  context.selection.layer.value = 2;
  expect(pressed()).toEqual(["1", "3"]);
});

test("digits typed into a control stay in the control", () => {
  const { root, context } = open();
  press(named(root, "Layer"), "2");
  press(named(root, "Layer"), "a");
  expect(context.selection.heads.value).toBeNull();
});

test("the host receives no plain key, used or not", () => {
  const { root, token, toggle } = open();
  const heard: string[] = [];
  document.addEventListener("keydown", ({ key }) => heard.push(key), { signal: ending.signal });
  for (const key of ["a", "[", "]", "3", "ArrowDown", "x", "b", "d", "Escape", "Enter", " ", "Delete"])
    press(root, key);
  press(named(root, "Layer"), "ArrowDown");
  press(toggle(1), "Enter");
  press(token("key", 0), "ArrowDown");
  press(token("key", 0), "x");
  expect(heard).toEqual([]);
  for (const key of ["Tab", "F1"]) press(root, key);
  root.dispatchEvent(new KeyboardEvent("keydown", { key: "a", ctrlKey: true, bubbles: true }));
  root.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", shiftKey: true, bubbles: true }));
  expect(heard).toEqual(["Tab", "F1", "a", "Enter"]);
});

test("a key pressed with Ctrl, Cmd or Alt on a token goes to the host, which runs the cell with Ctrl Enter", () => {
  const { context, token } = open();
  const heard: string[] = [];
  document.addEventListener("keydown", ({ key }) => heard.push(key), { signal: ending.signal });
  for (const held of ["ctrlKey", "metaKey", "altKey"]) {
    token("query", 1).dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", [held]: true, bubbles: true }));
  }
  expect(heard).toEqual(["Enter", "Enter", "Enter"]);
  expect(context.selection.query.value).toBeNull();
});

test("pointing at a query marks the keys with the weights of its row, and leaving removes the marks", () => {
  const { root, context, token, readout } = open();
  context.selection.heads.value = [1];
  hover(token("query", 2));
  expect(token("key", 3).dataset.weight).toBe("≈ 0.75");
  expect(token("key", 0).dataset.weight).toBe("≈ 0.020");
  expect(token("query", 2).classList.contains("hs-at")).toBe(true);
  expect(readout()).toMatch(/^␣cat → ␣sat ≈ 0\.75 .*layer 0, head 1$/);
  root.querySelector(".hs-lines")?.dispatchEvent(new PointerEvent("pointerleave"));
  expect(token("key", 3).dataset.weight).toBeUndefined();
  expect(root.querySelector(".hs-at")).toBeNull();
});

test("pointing at a key does the reverse", () => {
  const { context, token, readout } = open();
  context.selection.heads.value = [1];
  hover(token("key", 3));
  expect(token("query", 2).dataset.weight).toBe("≈ 0.75");
  expect(token("key", 2).dataset.weight).toBeUndefined();
  expect(readout()).toMatch(/^␣sat ← ␣cat ≈ 0\.75/);
});

test("several heads are boxes as opaque as their weights, and the status line names the strongest first", () => {
  const { context, token, readout } = open();
  hover(token("query", 2));
  expect(token("key", 3).dataset.weight).toBeUndefined();
  const opacities = [...token("key", 3).style.backgroundImage.matchAll(/\/ ([\d.]+)\)/g)].map(([, opacity]) => opacity);
  expect(opacities).toEqual(["0.020", "0.750", "0.020", "0.020"]);
  context.selection.query.value = 2;
  hover(token("key", 3));
  expect(readout()).toBe("␣cat → ␣sat   layer 0  1 ≈ 0.75  0 ≈ 0.020  2 ≈ 0.020  3 ≈ 0.020");
});

test("a click pins, a click or Escape unpins, and the status line reads the pair under the pointer", () => {
  const { root, context, token, readout } = open();
  const { selection } = context;
  selection.heads.value = [0];
  token("query", 1).click();
  expect(selection.query.value).toBe(1);
  expect(token("query", 1).getAttribute("aria-selected")).toBe("true");
  hover(token("key", 1));
  expect(readout()).toBe("␣the → ␣the   layer 0, head 0   ≈ 0.75");
  press(root, "Escape");
  expect(selection.query.value).toBeNull();
  expect(root.querySelector("[aria-selected=true]")).toBeNull();
  token("key", 4).click();
  token("key", 4).click();
  expect(selection.key.value).toBeNull();
});

test("arrow keys move over the tokens and do not change the layer", () => {
  const { context, token } = open();
  token("query", 0).focus();
  press(token("query", 0), "ArrowDown");
  expect(document.activeElement).toBe(token("query", 1));
  press(token("query", 1), "ArrowRight");
  expect(document.activeElement).toBe(token("key", 1));
  press(token("key", 1), "End");
  press(token("key", 4), "ArrowDown");
  expect(document.activeElement).toBe(token("key", 4));
  press(token("key", 4), "Enter");
  expect([context.selection.key.value, context.selection.layer.value]).toEqual([4, 0]);
  expect(context.selection.hover.value).toEqual({ query: null, key: 4 });
});

test("the view follows another view's pointer and pins", () => {
  const { context, token } = open();
  context.selection.heads.value = [0];
  context.selection.hover.value = { query: 3, key: null };
  expect(token("key", 3).dataset.weight).toBe("≈ 0.75");
});

test("the question mark opens what one sees, the mouse and the keys, and Escape closes it", () => {
  const { root } = open();
  const list = root.querySelector<HTMLElement>(".hs-help");
  expect(list?.hidden).toBe(true);
  press(root, "?");
  expect(list?.hidden).toBe(false);
  expect(list?.textContent).toContain("add or remove one of the first ten heads");
  expect([...(list?.querySelectorAll("h4") ?? [])].map((one) => one.textContent)).toEqual([
    "What you see",
    "Mouse",
    "Keys",
  ]);
  press(root, "Escape");
  expect(list?.hidden).toBe(true);
});

test("the attention control appears only if there is a choice", () => {
  const plain = open();
  expect(plain.root.querySelector("[aria-label=Attention]")).toBeNull();
  const pair = open([mapDescription(["a", "b", "c"], { sentence_b_start: 1 })]);
  const select = named(pair.root, "Attention") as HTMLSelectElement;
  expect(select.closest("[hidden]")).toBeNull();
  select.value = "self:ab";
  select.dispatchEvent(new Event("change"));
  expect(pair.context.selection.pair.value).toBe("ab");
  const shown = [...pair.root.querySelectorAll(".hs-token")].map((token) => token.textContent);
  expect(shown).toEqual(["a", "b", "c"]);
  expect([pair.token("query", 1), pair.token("key", 0)]).toEqual([null, null]);
  expect(pair.root.dataset.state).toBe("ready");
});

test("another map brings its own tokens, and the old map's lines disappear", () => {
  const cross = mapDescription(["x", "y"], { name: "cross", label: "Cross", key_tokens: ["p", "q", "r"] });
  const maps = [mapDescription(["a", "b"], { name: "decoder", label: "Decoder" }), cross];
  const source = fullSource(maps.slice(0, 1));
  const { root, context } = open(maps, source);
  context.selection.map.value = "cross";
  expect([...root.querySelectorAll(".hs-token")].map((one) => one.textContent)).toEqual(["x", "y", "p", "q", "r"]);
  expect(root.dataset.state).toBe("pending");
  expect(root.querySelector(".hs-empty")).not.toBeNull();
  expect(root.textContent).toContain("2 query × 3 key tokens");
});

test("while a layer is awaited the last one stays painted", async () => {
  const maps = [mapDescription(["a", "b"])];
  const source = new MemorySource();
  const held = [0, 1, 2, 3].map(() => headWeights(2, 2, () => 0.5));
  source.hold("block", "self", 0, held);
  const { root, context } = open(maps, source);
  context.selection.layer.value = 1;
  expect(root.dataset).toMatchObject({ state: "pending", layer: "0" });
  source.last.resolve(held);
  await vi.waitFor(() => expect(root.dataset).toMatchObject({ state: "ready", layer: "1" }));
});

test("an error is shown in the view, the controls stay, and a retry works", async () => {
  const maps = [mapDescription(["a", "b"])];
  const source = new MemorySource();
  const { root, toggle } = open(maps, source);
  source.last.reject(new Error("The capture is gone. Run its cell again."));
  await vi.waitFor(() => expect(root.dataset.state).toBe("error"));
  const alert = root.querySelector("[role=alert]");
  expect(alert?.textContent).toContain("The capture is gone. Run its cell again.");
  expect(toggle(0)).not.toBeNull();
  alert?.querySelector("button")?.click();
  expect([root.dataset.state, alert?.textContent]).toEqual(["pending", ""]);
  source.last.resolve([0, 1, 2, 3].map(() => headWeights(2, 2, () => 0.5)));
  await vi.waitFor(() => expect(root.dataset.state).toBe("ready"));
});

test("missing weights are counted, and reported where the pointer is", () => {
  const maps = [mapDescription(["a", "b"])];
  const source = new MemorySource();
  source.hold(
    "block",
    "self",
    0,
    [0, 1, 2, 3].map(() => headWeights(2, 2, (query) => (query === 0 ? Number.NaN : 0.5))),
  );
  const { context, readout, token } = open(maps, source);
  expect(readout()).toBe("8 weights are missing (NaN)");
  context.selection.heads.value = [0];
  expect(readout()).toBe("2 weights are missing (NaN)");
  hover(token("query", 0));
  expect(token("key", 1).dataset.weight).toBe("missing");
});

test("hostile tokens are shown as text", () => {
  const hostile = ["</script><b>", '"', "\n", "שלום", "<img src=x onerror=alert(1)>"];
  const { root, token } = open([mapDescription(hostile)]);
  expect(root.querySelector("b:not(.hs-readout b), img, script")).toBeNull();
  expect(token("query", 0).textContent).toBe("</script><b>");
  expect(token("key", 3).getAttribute("dir")).toBe("auto");
  hover(token("query", 4));
  expect(root.querySelector("img")).toBeNull();
  expect(root.querySelector(".hs-word")?.textContent).toBe("<img src=x onerror=alert(1)>");
});

test("the status line says whether the view is live and what it shows", () => {
  const { root, context } = open([mapDescription(["a"])]);
  expect(root.querySelector(".hs-statusline")?.textContent).toMatch(/liveTiny, 1 token$/);
  context.status.value = "page";
  expect(root.querySelector<HTMLElement>(".hs-status")?.dataset.status).toBe("page");
});

test("the view's own theme overrides the host's", () => {
  const { root, context } = open();
  document.body.dataset.jpThemeLight = "false";
  context.options.theme.value = "dark";
  expect(root.dataset).toMatchObject({ theme: "dark", background: "dark" });
  context.options.theme.value = "light";
  expect(root.dataset).toMatchObject({ theme: "light", background: "light" });
  delete document.body.dataset.jpThemeLight;
});

test("the view follows the host's theme, now and later", async () => {
  document.body.dataset.jpThemeLight = "false";
  const { root } = open();
  expect(root.dataset.background).toBe("dark");
  document.body.dataset.jpThemeLight = "true";
  await vi.waitFor(() => expect(root.dataset.background).toBe("light"));
  delete document.body.dataset.jpThemeLight;
  document.body.className = "vscode-dark";
  await vi.waitFor(() => expect(root.dataset.background).toBe("dark"));
  document.body.className = "";
});

test("at the end the view is empty and follows nothing", () => {
  const { root, context } = open();
  ending.abort();
  context.selection.layer.value = 2;
  press(root, "a");
  expect(root.childElementCount).toBe(0);
  expect(root.dataset.layer).toBe("0");
});

test("the legend says how strong lines are, and the menu changes their scale and strength", () => {
  const { root, context } = open();
  const legend = () => root.querySelector(".hs-strength")?.textContent ?? "";
  expect(legend()).toMatch(/^weight.*0\.750linear, relative to the strongest$/);
  const choose = (label: string, value: string) => {
    const select = named(root, label) as HTMLSelectElement;
    select.value = value;
    select.dispatchEvent(new Event("change"));
  };
  choose("Scale of lines", "log");
  expect(context.options.scale.value).toBe("log");
  choose("Strength of lines", "4");
  expect(context.options.gain.value).toBe(4);
  expect(legend()).toMatch(/log, ×4$/);
  context.options.gain.value = 3;
  const select = named(root, "Strength of lines") as HTMLSelectElement;
  expect([select.value, select.selectedOptions[0]?.textContent]).toEqual(["3", "×3"]);
  choose("Strength of lines", "relative");
  expect(context.options.gain.value).toBeNull();
});

test("several heads have numbers over their strips and on their strongest lines, a single one has none", () => {
  const { root, context, token } = open();
  const texts = (selector: string) => [...root.querySelectorAll(selector)].map((one) => one.textContent);
  expect(texts(".hs-line-numbers > .hs-chip").sort()).toEqual(["0", "1", "2", "3"]);
  expect(texts(".hs-strip-numbers > span")).toEqual([]);
  hover(token("query", 2));
  expect(texts(".hs-title.hs-key span")).toEqual(["0", "1", "2", "3"]);
  expect(texts(".hs-title.hs-query span")).toEqual([]);
  context.selection.heads.value = [1];
  expect([...texts(".hs-line-numbers > .hs-chip"), ...texts(".hs-strip-numbers > span")]).toEqual([]);
});
