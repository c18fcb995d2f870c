import { column, expanded, expectNumber } from "./chain";
import { token } from "./controls";
import { expect, kernel, openNotebook, ready, test, view } from "./harness/index";

const DIMENSIONS = [32, 256];

/** `long(head_dim)`: a capture of a Llama with random weights that reads 512 tokens. */
const LONG = `
import headscope as hs, torch
from transformers import LlamaConfig, LlamaModel

def long(head_dim):
    torch.manual_seed(0)
    sizes = dict(hidden_size=32, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, vocab_size=64)
    model = LlamaModel(LlamaConfig(head_dim=head_dim, max_position_embeddings=512, **sizes)).eval()
    for parameter in model.parameters():
        parameter.data = torch.randn_like(parameter) / 2
    return hs.capture(model, inputs={"input_ids": torch.randint(3, 64, (1, 512))})

captures = {head_dim: long(head_dim) for head_dim in (${DIMENSIONS})}
`;

test("of 512 tokens only the visible rows are built, and each of 32 or 256 dimensions is visible", async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 1200 });
  const cells = DIMENSIONS.map((count) => `captures[${count}].neuron_view(layer=0, head=1, query=400)`);
  await openNotebook(page, [LONG, ...cells]);
  for (const [nth, headDim] of DIMENSIONS.entries()) {
    const root = view(page, "neuron", nth);
    await root.scrollIntoViewIfNeeded();
    await ready(root, 0);
    const rows = () =>
      root.locator("[data-row]").evaluateAll((all) => all.map((row) => Number((row as HTMLElement).dataset.row)));
    await expect.poll(async () => (await rows()).length).toBeGreaterThan(20);
    expect((await rows()).length).toBeLessThan(80);

    await token(root, "query", 500).hover();
    await expect.poll(() => expanded(root)).toBe("500");
    await expect.poll(rows).toContain(500);
    expect((await rows()).length).toBeLessThan(80);
    expect(await root.locator(".hs-q canvas").evaluate((strip) => strip.clientWidth)).toBeGreaterThanOrEqual(headDim);
    const weight = Number(await kernel(page, `float(captures[${headDim}].weights(0, 1)[500, 500])`));
    const at = (await rows()).indexOf(500);
    expectNumber((await column(root, "softmax"))[at] as string, weight, `softmax with ${headDim} dimensions`);
  }
});
