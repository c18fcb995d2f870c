import type { Locator, Page } from "playwright-core";
import { column, expanded, expectNumber } from "./chain";
import { attentionControl, token } from "./controls";
import { expect, kernel, openNotebook, ready, shareJupyterLab, test, view } from "./harness/index";

shareJupyterLab();

/**
 * `made(kind, inputs, sizes)`: a capture of a model with random weights, the model, and its weights by its own eager
 * attention.
 */
const MADE = `
import json
import numpy as np, torch
import headscope as hs
from transformers import AutoModel, CONFIG_MAPPING

IDS = torch.arange(3, 15)[None]

def made(kind, inputs=None, **sizes):
    torch.manual_seed(3)
    config = CONFIG_MAPPING[kind](vocab_size=64, pad_token_id=0, bos_token_id=1, eos_token_id=2, **sizes)
    model = AutoModel.from_config(config, attn_implementation="eager").eval()
    for parameter in model.parameters():
        parameter.data = torch.randn_like(parameter) * (0.25 if parameter.dim() > 1 else 1)
    inputs = inputs or {"input_ids": IDS}
    with torch.no_grad():
        eager = model(**inputs, output_attentions=True)
    return hs.capture(model, inputs=inputs), model, eager

def dots(layer, head, query, map=None):
    return capture.queries(layer, head, map=map)[query].astype(float) @ capture.keys(layer, head, map=map).astype(float).T

def share(scores):
    return np.exp(scores) / np.exp(scores).sum()

def told(**steps):
    rows = {name: np.asarray(row, dtype=float).reshape(-1) for name, row in steps.items()}
    return json.dumps({name: [float(one) if np.isfinite(one) else None for one in row] for name, row in rows.items()})
`;

/** The numbers of each column, null for minus infinity, and `weights`, those of the model's eager attention. */
type Steps = Readonly<Record<string, (number | null)[]>>;

async function steps(page: Page, call: string): Promise<Steps> {
  return JSON.parse(await kernel(page, `print(${call})`)) as Steps;
}

/** Compares every column of the expanded query with Python's numbers; there must be no other columns. */
async function expectSteps(root: Locator, { weights, ...expected }: Steps): Promise<void> {
  await expect.poll(async () => (await column(root, "dot")).length).toBe(weights?.length);
  const titles = await root.locator(".hs-chain-head [data-step]").all();
  const names = await Promise.all(titles.map((title) => title.getAttribute("data-step")));
  expect(names).toEqual(Object.keys(expected));
  const isHidden = (key: number) => expected.mask?.[key] === null;
  for (const [name, values] of Object.entries(expected)) {
    const shown = await column(root, name);
    values.forEach((value, key) => {
      if (name === "mask") expect(shown[key]).toBe(value === null ? "−∞" : "0");
      else expectNumber(shown[key] as string | null, isHidden(key) ? null : value, `${name} of key ${key}`);
    });
  }
  expected.softmax?.forEach((value, key) => {
    expect(Math.abs((value ?? 0) - (weights?.[key] as number))).toBeLessThan(1e-5);
  });
  const [, difference] = /by at most (\S+)\./.exec((await notes(root)) ?? "") ?? [];
  expect(Number(difference?.replace("−", "-"))).toBeLessThan(1e-5);
}

const notes = (root: Locator) => root.locator(".hs-notes").textContent();

async function open(page: Page, model: string, options: string): Promise<Locator> {
  await openNotebook(page, [`${MADE}\n${model}`, `view = capture.neuron_view(${options})\nview`]);
  const root = view(page, "neuron");
  await ready(root);
  await expect.poll(() => expanded(root)).not.toBeNull();
  return root;
}

const T5 = `
inputs = {"input_ids": IDS, "decoder_input_ids": IDS[:, :7]}
capture, model, eager = made("t5", inputs, d_model=32, d_kv=16, d_ff=32, num_heads=2, num_layers=2)

def bias_of(part, head, query, size):
    attention = part.block[0].layer[0].SelfAttention  # its bias serves all layers
    return attention.compute_bias(size, size)[0, head, query].detach().numpy()

def steps(map, layer, head, query):
    q_k = dots(layer, head, query, map)
    weights = getattr(eager, f"{map}_attentions")[layer][0, head, query]
    if map == "cross":
        return told(dot=q_k, score=q_k, softmax=share(q_k), weights=weights)
    bias = bias_of(getattr(model, map), head, query, len(q_k))
    if map == "encoder":
        return told(dot=q_k, bias=bias, score=q_k + bias, softmax=share(q_k + bias), weights=weights)
    mask = np.where(np.arange(len(q_k)) <= query, 0, -np.inf)
    score = q_k + bias + mask
    return told(dot=q_k, bias=bias, mask=mask, score=score, softmax=share(score), weights=weights)
`;

test("T5 has a column for its position bias, in the layers that add it, and none for scaling", async ({ page }) => {
  const root = await open(page, T5, "map='encoder', layer=1, head=1, query=4, follow=True");
  await expectSteps(root, await steps(page, "steps('encoder', 1, 1, 4)"));
  expect(await notes(root)).not.toContain("rotation");
  for (const map of ["decoder", "cross"]) {
    await kernel(page, `capture.select(map='${map}', layer=1, head=1, query=4)`);
    await expect
      .poll(() => attentionControl(root).locator("option:checked").textContent())
      .toMatch(new RegExp(map, "i"));
    await expectSteps(root, await steps(page, `steps('${map}', 1, 1, 4)`));
  }
});

const GEMMA2 = `
sizes = dict(hidden_size=32, intermediate_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2)
capture, model, eager = made("gemma2", head_dim=16, attn_logit_softcapping=5.0, sliding_window=4, **sizes)

def steps(layer, head, query):
    q_k = dots(layer, head, query)
    scaled = q_k * model.config.query_pre_attn_scalar ** -0.5
    capped = 5 * np.tanh(scaled / 5)
    keys = np.arange(12)
    seen = (keys <= query) & ((keys > query - 4) | (model.config.layer_types[layer] != "sliding_attention"))
    score = np.where(seen, capped, -np.inf)
    mask = np.where(seen, 0, -np.inf)
    weights = eager.attentions[layer][0, head, query]
    return told(dot=q_k, scaled=scaled, capped=capped, mask=mask, score=score, softmax=share(score), weights=weights)
`;

test("Gemma 2 has columns for scaling, softcap and mask, a sliding window, and says which heads share keys", async ({
  page,
}) => {
  const root = await open(page, GEMMA2, "layer=0, head=3, query=8");
  await expectSteps(root, await steps(page, "steps(0, 3, 8)"));
  expect(await notes(root)).toContain("Head 3 of layer 0 reads the keys of KV head 1, which heads 2 and 3 share.");
  expect(await notes(root)).toContain("after their rotation");
  await root.getByLabel("Next layer").click();
  await ready(root, 1);
  await expectSteps(root, await steps(page, "steps(1, 3, 8)"));
});

const GPT_OSS = `
sizes = dict(hidden_size=32, intermediate_size=32, num_hidden_layers=1, num_attention_heads=4, num_key_value_heads=2)
capture, model, eager = made("gpt_oss", head_dim=16, sliding_window=4, num_local_experts=2, num_experts_per_tok=1, **sizes)
sink = model.layers[0].self_attn.sinks.detach().double().numpy()

def steps(layer, head, query):
    q_k = dots(layer, head, query)
    scaled = q_k * 16 ** -0.5
    mask = np.where((np.arange(12) <= query) & (np.arange(12) > query - 4), 0, -np.inf)
    softmax = share(np.append(scaled + mask, sink[head]))
    rows = dict(dot=q_k, scaled=scaled, mask=mask, score=scaled + mask, softmax=softmax[:-1])
    return told(**rows, weights=eager.attentions[layer][0, head, query], sink=[sink[head], softmax[-1]])
`;

test("gpt-oss shows its sink among the keys, with its score and its share of the softmax", async ({ page }) => {
  const root = await open(page, GPT_OSS, "layer=0, head=2, query=8");
  const { sink, ...expected } = await steps(page, "steps(0, 2, 8)");
  await expectSteps(root, expected);
  const row = root.locator(".hs-sink");
  expectNumber(await row.locator("[data-step='score']").textContent(), sink?.[0] as number, "score of the sink");
  expectNumber(await row.locator("[data-step='softmax']").textContent(), sink?.[1] as number, "softmax of the sink");
  await token(root, "query", 2).hover();
  await expect.poll(() => expanded(root)).toBe("2");
  const { sink: _, ...others } = await steps(page, "steps(0, 2, 2)");
  await expectSteps(root, others);
});
