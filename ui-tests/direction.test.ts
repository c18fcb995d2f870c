import { token } from "./controls";
import { PAIR } from "./examples";
import { expect, kernel, openNotebook, ready, shareJupyterLab, test, view } from "./harness/index";

shareJupyterLab();

const VIEWS = [
  `${PAIR}\ncapture.select(layer=2, head=1)\nhead = capture.head_view(top_k=1)\nhead`,
  'matrix = capture.matrix_view(direction="in")\nmatrix',
];

test("switching the direction moves pins, and counts the strongest weights of each key", async ({ page }) => {
  await openNotebook(page, VIEWS);
  const [head, matrix] = [view(page, "head"), view(page, "matrix")];
  await ready(head, 2);
  await ready(matrix, 2);
  const strongest = (axis: string) => kernel(page, `int(capture.weights(2, 1)[${axis}].argmax())`);
  const at = (side: "query" | "key") =>
    head
      .locator(`[data-${side}][data-weight]`)
      .evaluateAll((all, name) => all.map((one) => (one as HTMLElement).dataset[name]), side);

  await token(head, "query", 3).click();
  await expect.poll(() => at("key")).toEqual([await strongest("3")]);
  await head.getByRole("button", { name: "Simplify" }).click();
  await head.getByRole("button", { name: "attended to by" }).click();
  await page.keyboard.press("Escape");
  await expect
    .poll(() => kernel(page, "head.direction, capture.selection.query, capture.selection.key"))
    .toBe("('in', None, 3)");
  await expect.poll(() => at("query")).toEqual([await strongest(":, 3")]);
  expect(await head.locator(".hs-direction").textContent()).toBe("← attended to by");
  expect(await head.locator(".hs-shown").textContent()).toContain("strongest query of each key");

  await kernel(page, 'head.direction = "out"');
  await expect.poll(() => head.locator(".hs-direction").textContent()).toBe("attends to →");
  await expect.poll(() => kernel(page, "matrix.direction")).toBe("'in'");
  await expect.poll(() => matrix.locator("[data-from]").getAttribute("data-from")).toBe("key");
});

test("a found token is pinned on the side from which tokens are read", async ({ page }) => {
  await openNotebook(page, VIEWS);
  const matrix = view(page, "matrix");
  await ready(matrix, 2);
  await matrix.focus();
  await page.keyboard.press("/");
  await page.keyboard.type("CAT");
  await page.keyboard.press("Enter");
  await expect.poll(() => kernel(page, "capture.selection.query, capture.selection.key")).toBe("(None, 2)");
  await kernel(page, 'capture.select(key="CAT", query="Rug")');
  expect(await kernel(page, "capture.maps['self'].query_tokens[capture.selection.query]")).toContain("rug");
});
