import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Locator, Page } from "playwright-core";
import { layerControl, status, token } from "./controls";
import { PAIR } from "./examples";
import { expect, kernel, later, openNotebook, RESULTS, ready, shareJupyterLab, test, view } from "./harness/index";

shareJupyterLab();

/** A line with a lower opacity, which is its weight divided by the number of heads, is invisible on its own. */
const FAINTEST = 1 / 512;

async function open(page: Page, kind: "head" | "model", options: string): Promise<Locator> {
  await openNotebook(page, [PAIR, `view = capture.${kind}_view(${options})\nview`]);
  const root = view(page, kind);
  await ready(root);
  return root;
}

const exportButton = (root: Locator) => root.getByRole("button", { name: "Export" });

/** Chooses an entry of the Export menu. */
async function choose(root: Locator, entry: string): Promise<void> {
  const item = root.getByRole("button", { name: entry, exact: true });
  if (!(await item.isVisible())) await exportButton(root).click();
  await item.click();
}

/** Chooses an entry, and returns the file that the browser downloads. */
async function saved(page: Page, root: Locator, entry: string): Promise<{ name: string; path: string }> {
  const [download] = await Promise.all([page.waitForEvent("download"), choose(root, entry)]);
  const name = download.suggestedFilename();
  const path = join(RESULTS, name);
  await download.saveAs(path);
  await expect.poll(() => root.getByRole("status").textContent()).toBe(`Saved ${name}`);
  return { name, path };
}

/** What Python's own XML reader finds in an SVG file. */
async function readSvg(page: Page, path: string) {
  const code = `
import json
import xml.etree.ElementTree as ET

SVG = "{http://www.w3.org/2000/svg}"
root = ET.parse(${JSON.stringify(path)}).getroot()
groups = {g.get("id"): len(g.findall(f"{SVG}path")) for g in root.iter(f"{SVG}g") if g.get("id")}
texts = ["".join(t.itertext()) for t in root.iter(f"{SVG}text")]
outside = [value for e in root.iter() for name, value in e.attrib.items() if "href" in name and not value.startswith("data:")]
print(json.dumps({"groups": groups, "texts": texts, "outside": outside, "title": root.find(f"{SVG}title").text,
                  "note": root.find(f"{SVG}desc").text, "images": len(list(root.iter(f"{SVG}image"))),
                  "size": [int(root.get("width")), int(root.get("height"))]}))
`;
  return JSON.parse(await kernel(page, code)) as {
    groups: Record<string, number>;
    texts: string[];
    outside: string[];
    title: string;
    note: string | null;
    images: number;
    size: [number, number];
  };
}

test("an SVG of the head view holds its tokens as text, and a path for every visible line", async ({ page }) => {
  const root = await open(page, "head", "layer=2, heads=[1, 3, 8], gain=1");
  const { name, path } = await saved(page, root, "SVG");
  expect(name).toMatch(/-head-layer-2-head-1-3-8\.svg$/);
  const svg = await readSvg(page, path);
  const counted = await kernel(
    page,
    `from headscope.wire.decimal16 import decode, encode
{f"head-{h}": int((decode(encode(capture.weights(2, h))).astype("float64") * (1 / 3) >= ${FAINTEST}).sum()) for h in (1, 3, 8)}`,
  );
  expect(svg.groups).toEqual(JSON.parse(counted.replaceAll("'", '"')));
  const tokens = JSON.parse(await kernel(page, "import json; print(json.dumps(capture.maps['self'].query_tokens))"));
  const words = svg.texts.filter((text) => text.trim() !== "␣");
  const start = words.indexOf(tokens[0].trim());
  expect(words.join("\n")).toContain(tokens.map((one: string) => one.trim()).join("\n"));
  expect(words.slice(start + tokens.length).join("\n")).toContain(tokens.map((one: string) => one.trim()).join("\n"));
  expect([svg.outside, svg.images]).toEqual([[], 0]);
  expect(svg.title).toContain("layer 2");
  const problem = await page.evaluate(
    (text) => {
      return new DOMParser().parseFromString(text, "image/svg+xml").querySelector("parsererror")?.textContent ?? null;
    },
    readFileSync(path, "utf8"),
  );
  expect(problem).toBeNull();
});

/** Tokens that would break careless XML, with letters of both directions. */
const HOSTILE = `
import numpy as np
import headscope as hs

tokens = ["<s>", "]]></svg>", '"', "'", "&amp;", "<b>bold</b>", "\\u0000", "\\u001b[31m", "\\ufffe", "🙂", "👩‍👩‍👧", "مرحبا", "שלום!", "注意力", " \\n", ""]
weights = np.random.default_rng(0).dirichlet(np.full(len(tokens), 0.1), (1, 2, len(tokens))).astype("float32")
capture = hs.from_attentions([weights[0][None]], tokens, name="<evil> & \\x07 'model'")
`;

for (const kind of ["head", "matrix", "text"] as const) {
  test(`for any tokens, the SVG of the ${kind} view is valid XML that contains them`, async ({ page }) => {
    await openNotebook(page, [HOSTILE, `capture.${kind}_view(head=1, query=4)`]);
    const root = view(page, kind);
    await ready(root);
    const svg = await readSvg(page, (await saved(page, root, "SVG")).path);
    const texts = svg.texts.join("\n");
    for (const token of ["]]></svg>", '"', "'", "&amp;", "<b>bold</b>", "🙂", "مرحبا", "שלום!", "注意力"]) {
      expect(texts).toContain(token);
    }
    expect(svg.title).toContain("<evil> & \ufffd 'model'");
  });
}

test("the SVG shows pinned tokens and hidden weights as on screen", async ({ page }) => {
  const root = await open(page, "head", "layer=2, heads=[3], top_k=3");
  await token(root, "query", 2).click();
  const numbers = async () =>
    (await root
      .locator("[data-weight]")
      .evaluateAll((all) => all.map((one) => one.getAttribute("data-weight")))) as string[];
  await expect.poll(async () => (await numbers()).length).toBeGreaterThan(0);
  const shown = await numbers();
  const svg = await readSvg(page, (await saved(page, root, "SVG")).path);
  expect(svg.groups).toEqual({ "head-3": 3 });
  for (const number of shown) expect(svg.texts).toContain(number);
  expect(svg.note).toContain("3 strongest keys");
  expect(svg.note).toContain("cat");
});

test("an SVG of an open chain holds its numbers as text, its connectors as paths and its vectors as images", async ({
  page,
}) => {
  await openNotebook(page, [PAIR, "capture.neuron_view(layer=2, head=3, query=2)"]);
  const root = view(page, "neuron");
  await ready(root, 2);
  const shown = () => root.locator("[data-row] [data-step]").allTextContents();
  await expect.poll(async () => (await shown()).length).toBe(15 * 4);
  const svg = await readSvg(page, (await saved(page, root, "SVG")).path);
  for (const text of [...(await shown()), "vector q", "vector k", "q × k", "q · k", "softmax"]) {
    expect(svg.texts).toContain(text);
  }
  expect(svg.groups).toEqual({ "head-3": 15 });
  // The query's vector, and for each key its own and the product.
  expect(svg.images).toBe(1 + 2 * 15);
  expect(svg.outside).toEqual([]);
});

/** Views, and how often each shows a token: as a query and as a key, or once in running text. */
const WITH_TOKENS = [
  ["explorer", "capture.explorer()", 2],
  ["model", "capture.model_view(detail=True)", 2],
  ["text", "capture.text_view()", 1],
  ["neuron", "capture.neuron_view()", 2],
] as const;

test("the SVG of the explorer, the model, the text and the neuron view is valid XML that contains their tokens as text", async ({
  page,
}) => {
  await page.setViewportSize({ width: 1280, height: 5000 });
  const shown = "capture.select(layer=2, head=3, query='sat')";
  await openNotebook(page, [`${PAIR}\n${shown}`, ...WITH_TOKENS.map(([, call]) => call)]);
  const tokens = "[token.strip() for token in capture.maps['self'].query_tokens]";
  const words = JSON.parse(await kernel(page, `import json; print(json.dumps(${tokens}))`)) as string[];
  for (const [kind, , times] of WITH_TOKENS) {
    const root = view(page, kind);
    await ready(root, 2);
    const { path } = await saved(page, root, "SVG");
    const svg = await readSvg(page, path);
    const held = svg.texts.map((text) => text.trim());
    for (const word of new Set(words)) {
      const wanted = times * words.filter((one) => one === word).length;
      expect(held.filter((text) => text === word).length, `${word} in ${kind} view`).toBeGreaterThanOrEqual(wanted);
    }
    expect(svg.outside, kind).toEqual([]);
    // The grid shows all layers; the title of its open heads is in the picture.
    if (kind === "model") expect(svg.texts).toContain("Layer 2, Head 3");
    else expect(svg.title, kind).toContain("layer 2");
    const problem = await page.evaluate(
      (text) =>
        new DOMParser().parseFromString(text, "image/svg+xml").querySelector("parsererror")?.textContent ?? null,
      readFileSync(path, "utf8"),
    );
    expect(problem, kind).toBeNull();
  }
});

const LONG = `
import numpy as np
import headscope as hs

tokens = [f"t{n}" for n in range(160)]
weights = np.random.default_rng(0).dirichlet(np.ones(160), (2, 160)).astype("float32")
capture = hs.from_attentions([weights[None]], tokens, name="Long")
`;

test("a picture includes what is scrolled out of sight, shows many lines as an image, and moves nothing", async ({
  page,
}) => {
  await openNotebook(page, [LONG, "capture.head_view()"]);
  const root = view(page, "head");
  await ready(root);
  const box = root.locator(".hs-scroll");
  await box.evaluate((element) => element.scrollTo(0, 300));
  const { path } = await saved(page, root, "SVG");
  expect(await box.evaluate((element) => element.scrollTop)).toBe(300);
  const svg = await readSvg(page, path);
  expect(svg.texts.filter((text) => /^t\d+$/.test(text))).toEqual(
    Array.from({ length: 320 }, (_, index) => `t${index % 160}`),
  );
  // More than 5,000 lines can be seen.
  expect([svg.images, svg.groups]).toEqual([1, {}]);
  // The image is as tall as all rows of tokens, not just the visible ones.
  expect(svg.size[1]).toBeGreaterThan(160 * 12);
});

test("a picture may have no background", async ({ page }) => {
  const root = await open(page, "head", "layer=1, heads=[0]");
  const background = /<rect [^>]*height="\d+" fill="#ffffff"\/>/;
  expect(readFileSync((await saved(page, root, "SVG")).path, "utf8")).toMatch(background);
  await exportButton(root).click();
  await root.getByLabel("Pictures without a background").check();
  expect(readFileSync((await saved(page, root, "SVG")).path, "utf8")).not.toMatch(background);
});

test("a PNG has two pixels per CSS pixel and shows what is on screen", async ({ page }) => {
  const root = await open(page, "model", "detail=True, head=3");
  const { path } = await saved(page, root, "PNG (2x)");
  const picture = readFileSync(path).toString("base64");
  const found = await page.evaluate(async (data) => {
    const image = new Image();
    image.src = `data:image/png;base64,${data}`;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    const brush = canvas.getContext("2d") as CanvasRenderingContext2D;
    brush.drawImage(image, 0, 0);
    const colors = new Set(new Uint32Array(brush.getImageData(0, 0, image.width, image.height).data.buffer));
    return { width: image.width, height: image.height, colors: colors.size };
  }, picture);
  const svg = await readSvg(page, (await saved(page, root, "SVG")).path);
  expect([found.width, found.height]).toEqual(svg.size.map((side) => 2 * side));
  // Thumbnails in the colours of six layers, and smooth text; a blank or broken picture has only a few colours.
  expect(found.colors).toBeGreaterThan(500);
  expect(svg.images).toBe(6 * 12);
});

test("a page of one layer opens from disk and shows that layer as the view does", async ({ page, anotherPage }) => {
  const root = await open(page, "head", "layer=4, heads=[2], threshold=0.05");
  const weight = Number(await kernel(page, "float(capture.weights(4, 2)[3].max())"));
  const { path } = await saved(page, root, "HTML page: this layer");
  // In its own profile, because JupyterLab may still load parts of itself and must keep its network.
  const alone = await anotherPage();
  await alone.context().setOffline(true);
  await alone.goto(pathToFileURL(path).href);
  const copy = view(alone, "head");
  await ready(copy, 4);
  expect(await layerControl(copy).locator("option").allTextContents()).toEqual(["4"]);
  expect(await status(copy).textContent()).toContain("weights from 0.05");
  await token(copy, "query", 3).hover();
  await expect
    .poll(() => copy.locator("[data-weight]").evaluateAll((all) => all.map((one) => one.getAttribute("data-weight"))))
    .toContain(weight.toPrecision(3));
  await exportButton(copy).click();
  expect(await copy.getByRole("button", { name: /^HTML page/ }).count()).toBe(0);
  const again = await saved(alone, copy, "SVG");
  expect(again.name).toMatch(/layer-4-head-2\.svg$/);
});

test("a page of all layers is saved once a busy kernel is free", async ({ page, anotherPage }) => {
  const root = await open(page, "head", "layer=1");
  const worker = Number(await kernel(page, "import os; os.getpid()"));
  process.kill(worker, "SIGSTOP");
  const downloaded = later(page.waitForEvent("download"));
  try {
    await choose(root, "HTML page: all layers");
    await expect.poll(() => root.getByRole("status").textContent()).toContain("The kernel is busy");
  } finally {
    process.kill(worker, "SIGCONT");
  }
  const path = join(RESULTS, "all-layers.html");
  await (await downloaded).saveAs(path);
  const alone = await anotherPage();
  await alone.goto(pathToFileURL(path).href);
  const copy = view(alone, "head");
  await ready(copy, 1);
  await layerControl(copy).selectOption("5");
  await ready(copy, 5);
});

test("the copied line of Python shows the view again", async ({ page }) => {
  const root = await open(page, "head", "layer=4, heads=[3, 5], threshold=0.05, merge_words=True, pair='ab'");
  await kernel(page, "view.search = 'a \"quoted\" \\\\ 注 text'");
  await token(root, "query", 1).click();
  await expect.poll(() => kernel(page, "view.query")).toBe("1");
  await choose(root, "Copy as Python");
  await expect.poll(() => root.getByRole("status").textContent()).toMatch(/^Copied/);
  const line = await page.evaluate(() => navigator.clipboard.readText());
  writeFileSync(join(RESULTS, "copied.py"), line);
  const traits =
    "view.layer, view.heads, view.query, view.key, view.map, view.pair, view.threshold, view.merge_words, view.search, view.top_k, view.theme";
  const before = await kernel(page, `repr((${traits}))`);
  await kernel(page, "capture.select(layer=0, heads=[7], query=5, key=3, pair='all')");
  expect(await kernel(page, `view = ${line}\nrepr((${traits}))`)).toBe(before);
});

test("Python saves the same picture as the menu", async ({ page }) => {
  const root = await open(page, "head", "layer=2, heads=[3]");
  const { path } = await saved(page, root, "SVG");
  const file = join(RESULTS, "from-python.svg");
  await kernel(page, `view.save(${JSON.stringify(file)})`);
  // Until the front end has a thread for messages, the picture comes after the cell.
  await expect.poll(() => existsSync(file) && readFileSync(file, "utf8")).toBe(readFileSync(path, "utf8"));
});
