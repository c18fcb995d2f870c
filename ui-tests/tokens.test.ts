import type { Locator, Page } from "playwright-core";
import { MINILM } from "./examples";
import { expect, kernel, openNotebook, ready, shareJupyterLab, test, view } from "./harness/index";

shareJupyterLab();

/** `model`: a tiny model for any vocabulary. The weights do not matter here. */
const MODEL = `
from transformers import LlamaConfig, LlamaModel

sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
model = LlamaModel(LlamaConfig(vocab_size=len(tokenizer), **sizes))
`;

const BYTE_LEVEL = `
import os
import headscope as hs
from transformers import AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(os.environ["HEADSCOPE_SMOLLM2"])
${MODEL}`;

/** Tokens as SentencePiece writes them, with bytes for what the vocabulary lacks. */
const SENTENCE_PIECE = `
import headscope as hs
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

pieces = ["<unk>", "<s>", "▁", "▁the", "▁cat", "s", "注意", *(f"<0x{byte:02X}>" for byte in range(256))]
backend = Tokenizer(models.Unigram([(piece, -1.0) for piece in pieces], unk_id=0, byte_fallback=True))
backend.pre_tokenizer = pre_tokenizers.Metaspace()
backend.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, bos_token="<s>", unk_token="<unk>")
${MODEL}`;

interface Tokenization {
  readonly name: string;
  readonly cell: string;
  /** As a Python literal. */
  readonly text: string;
  /** In a column, with visible spaces and line breaks. */
  readonly tokens: readonly string[];
  /** As running text, in full. */
  readonly prose: string;
  readonly special: readonly string[];
}

const TOKENIZATIONS: readonly Tokenization[] = [
  {
    ...{ name: "byte-level BPE", cell: BYTE_LEVEL, text: "'Two  spaces,\\n\\ta 🦜 says 注意 مرحبا'", special: [] },
    tokens: "Two|␣|␣spaces|,|⏎|⇥|a|␣🦜₁|🦜₂|🦜₃|␣says|␣注₁|注₂|注₃|意₁|意₂|意₃|␣م|ر|ح|ب|ا".split("|"),
    prose: "Two␣ spaces,⏎\n⇥a 🦜₁🦜₂🦜₃ says 注₁注₂注₃意₁意₂意₃ مرحبا",
  },
  {
    ...{ name: "WordPiece", cell: MINILM, text: "'Unbelievably naïve 中 مرحبا!'", special: ["[CLS]", "[SEP]"] },
    tokens: "[CLS]|un|bel|ie|va|bly|naive|中|م|ر|ح|ب|ا|!|[SEP]".split("|"),
    prose: "[CLS] unbelievably naive 中 مرحبا ![SEP]",
  },
  {
    ...{ name: "SentencePiece", cell: SENTENCE_PIECE, text: "'<s>the cats 注意 é\\n🦜'", special: ["<s>"] },
    tokens: "<s>|␣the|␣cat|s|␣|注意|␣|é₁|é₂|⏎|🦜₁|🦜₂|🦜₃|🦜₄".split("|"),
    prose: "<s> the cats␣注意␣é₁é₂⏎\n🦜₁🦜₂🦜₃🦜₄",
  },
];

/** The visible texts of a column; the style sheet adds the marks of spaces before a token. */
const column = (root: Locator, side: "query" | "key") =>
  root
    .locator(`.hs-token[data-${side}]`)
    .evaluateAll((all) => all.map((one) => `${(one as HTMLElement).dataset.lead ?? ""}${one.textContent}`));

const shownLead = (root: Locator) =>
  root
    .locator("[data-lead][data-query]")
    .evaluateAll((all) => all.map((one) => getComputedStyle(one, "::before").content));

/** The letters of right-to-left tokens. */
const fromTheRight = (root: Locator, kind: string) =>
  root.locator(kind).evaluateAll((all) =>
    all
      .filter((one) => getComputedStyle(one).direction === "rtl")
      .map((one) => one.textContent)
      .join(""),
  );

/** Opens views of the tokens as text, and of the tokens as the vocabulary writes them. */
async function open(page: Page, { cell, text }: Tokenization): Promise<void> {
  await page.setViewportSize({ width: 1280, height: 3000 }); // JupyterLab draws only the visible cells.
  await openNotebook(page, [
    `${cell}\ntext = ${text}\ncapture = hs.capture(model, tokenizer, text)`,
    "raw = hs.capture(model, tokenizer, text, prettify=False)",
    "capture.head_view(heads=[0])",
    "capture.text_view()",
    "raw.head_view(heads=[0])",
    "raw.text_view()",
  ]);
}

async function shown(page: Page, nth: number): Promise<{ head: Locator; prose: Locator }> {
  const [head, prose] = [view(page, "head", nth), view(page, "text", nth)];
  await ready(head, 0);
  await ready(prose, 0);
  return { head, prose };
}

for (const one of TOKENIZATIONS) {
  test(`${one.name}: tokens are read like text, or as the vocabulary writes them`, async ({ page }) => {
    await open(page, one);
    await isReadLikeText(page, one);
    await isAsWritten(page, one);
  });
}

async function isReadLikeText(page: Page, one: Tokenization): Promise<void> {
  const { head, prose } = await shown(page, 0);
  expect(await column(head, "query")).toEqual(one.tokens);
  expect(await column(head, "key")).toEqual(one.tokens);
  expect([...new Set(await shownLead(head))]).toEqual(one.tokens.some((token) => /^␣/.test(token)) ? ['"␣"'] : []);
  expect(await prose.locator(".hs-prose").evaluate((text) => text.textContent)).toBe(one.prose);
  for (const [root, special] of [
    [head, ".hs-special[data-query]"],
    [prose, ".hs-special"],
  ] as const) {
    expect(await root.locator(special).allTextContents()).toEqual(one.special);
  }
  const arabic = one.tokens.filter((token) => /\p{sc=Arab}/u.test(token)).map((token) => token.replace("␣", ""));
  expect(await fromTheRight(head, ".hs-token[data-query]")).toBe(arabic.join(""));
}

async function isAsWritten(page: Page, one: Tokenization): Promise<void> {
  const { head, prose } = await shown(page, 1);
  const written = JSON.parse(
    await kernel(page, "import json; print(json.dumps(tokenizer.convert_ids_to_tokens(tokenizer(text)['input_ids'])))"),
  ) as string[];
  expect(written).not.toEqual(one.tokens);
  expect(await column(head, "query")).toEqual(written);
  expect(await prose.locator(".hs-piece").allTextContents()).toEqual(written);
}
