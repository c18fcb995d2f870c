import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { newFolder, onDisk, type TensorEntry, writeAttentionFile } from "./attention-file";
import { APPS, madeFile, note, numbers, openByClick, openLab, SIZES, shown, WORDS } from "./document-page";
import { expect, ready, test } from "./harness/index";

for (const app of APPS) {
  test(`${app}: a file in another format says so, and opens once it is replaced`, async ({ page, guard }) => {
    guard.allow(/status of 416/, "the browser logs every failed request");
    const path = madeFile();
    const good = readFileSync(onDisk(path));
    const alarming = Buffer.alloc(8);
    alarming.writeBigUInt64LE(2n ** 44n);
    const withTensor = (name: string, change: (entry: TensorEntry) => void) =>
      writeAttentionFile(path, SIZES, { tensors: (tensors) => change(tensors[name] as TensorEntry) }, numbers(1));
    const cases: [harm: () => unknown, says: RegExp][] = [
      [() => truncateSync(onDisk(path), good.length - 100), /This file is cut off: it has \d+ bytes of the \d+/],
      [() => truncateSync(onDisk(path), 0), /only 0 bytes long/],
      [() => writeFileSync(onDisk(path), Buffer.concat([alarming, good.subarray(8)])), /not an attention file/],
      [() => writeFileSync(onDisk(path), "<html><script>alert(1)</script>"), /not an attention file/],
      [() => writeAttentionFile(path, SIZES, { version: "7" }), /version 7 of the format.*update Headscope/],
      [
        () => writeFileSync(onDisk(path), Buffer.concat([Buffer.from("\x02\0\0\0\0\0\0\0"), Buffer.from("{}")])),
        /holds no attention/,
      ],
      [
        () => withTensor("keys.1", (entry) => entry.data_offsets.splice(0, 2, 0, 768)),
        /damaged.*"keys\.1"|damaged.*does not start where/,
      ],
      [
        () =>
          withTensor("keys.2", (entry) => {
            entry.shape = [4, 2 ** 40, 8];
            entry.data_offsets.splice(1, 1, (entry.data_offsets[0] as number) + 2 ** 47);
          }),
        /cut off: it has \d+ bytes of the 140737488\d+/,
      ],
    ];
    cases[0]?.[0]();
    const shows = await openByClick(page, path, app);
    for (const [harm, says] of cases) {
      writeFileSync(onDisk(path), good);
      harm();
      await note(shows).getByRole("button", { name: "Try again" }).click();
      await expect.poll(() => note(shows).textContent()).toMatch(says);
      expect(await shown(shows).count()).toBe(0);
    }
    writeFileSync(onDisk(path), good);
    await note(shows).getByRole("button", { name: "Try again" }).click();
    await ready(shown(shows), 0);
  });
}

test("NaN in a file is a missing weight, and every pane says so", async ({ page }) => {
  const path = `${newFolder()}/made.attn.safetensors`;
  const data = numbers(1);
  const oneTensor = 4 * WORDS.length * 8;
  // Query 2 of head 0 of layer 1; each layer has two tensors.
  new Float32Array(data.buffer).fill(Number.NaN, 2 * oneTensor + 2 * 8, 2 * oneTensor + 3 * 8);
  writeAttentionFile(path, SIZES, {}, data);
  await openLab(page, path);
  const root = shown(page);
  await ready(root, 0);
  const told = () => root.locator(".hs-readout").textContent();
  expect(await told()).not.toContain("missing");
  await root.getByLabel("Layer", { exact: true }).selectOption("1");
  await ready(root, 1);
  await expect.poll(told).toContain("6 weights are missing");
  for (const tab of ["Matrix", "Neurons", "Text"]) {
    await root.getByRole("tab", { name: tab }).click();
    await ready(root, 1);
    await expect.poll(told).toContain("missing");
  }
});

test("tokens are shown as text, whatever they contain", async ({ page }) => {
  const path = `${newFolder()}/html.attn.safetensors`;
  const evil = '<img src=x onerror="window.harmed=1">';
  writeAttentionFile(path, { ...SIZES, tokens: [evil, "</script><script>window.harmed=1</script>", "a"] });
  await openLab(page, path);
  const root = shown(page);
  await ready(root, 0);
  for (const tab of ["Matrix", "Text", "Neurons"]) {
    await root.getByRole("tab", { name: tab }).click();
    await ready(root, 0);
  }
  expect(await root.getByText("<img src=…rmed=1").count()).toBeGreaterThan(0);
  expect(await root.locator("img, script").count()).toBe(0);
  expect(await page.evaluate(() => "harmed" in window)).toBe(false);
});
