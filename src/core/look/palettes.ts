import type { Rgb } from "./line-geometry";

/**
 * Colour maps of matplotlib 3.10, sampled at 86 of their 256 colours, three apart: viridis and magma by Smith and van
 * der Walt, cividis by Nuñez, Anderton and Renslow 2018 (https://doi.org/10.1371/journal.pone.0199239). Between samples
 * colours are linear, which is off by at most three of 255 levels.
 */
const SAMPLES = {
  viridis:
    "440154450559460a5d470e61471365481769481b6d481f70482374482677472a7a472e7c46327e453581443983433d844240864144873f47883e4a893d4e8a3b518b3a548c38588c375b8d355e8d34618d32648e31678e306a8e2e6d8e2d708e2c728e2b758e2a788e297b8e277e8e26818e25838e24868e23898e228c8d218f8d20928c1f948c1f978b1f9a8a1e9d891fa0881fa28721a58522a88425ab8227ad812ab07f2eb37c32b67a37b8783bbb7540bd7246c06f4cc26c52c56958c7655ec96265cb5e6ccd5a73d0567ad15181d34d89d54890d74398d83ea0da39a8db34b0dd2fb8de29c0df25c8e020d0e11cd8e219dfe318e7e419efe51cf6e620fde725",
  magma:
    "00000401010802020d04041406051a0907200c0926100b2d130d34160f3b1a10421e11492211502712582c115f31116536106b3b0f70400f744510774a10794f127b54137d59157e5d177f621980671b806b1d81701f817521817922827e24828326818827818c2981912b81962c809b2e7fa02f7fa5317eaa337dae347bb3367ab83779bd3977c23b75c73d73cc3f71d0416fd5446dd9466bde4968e24d66e55064e95462ec5860ef5d5ef2625df4675cf66c5cf7725cf9785dfa7d5efb835ffc8961fc8e64fd9467fd9a6afe9f6dfea571feaa74feb078feb67cfebb81fec185fec68afecc8ffed194fed799fddc9efde2a3fde7a9fcecaefcf2b4fcf7b9fcfdbf",
  cividis:
    "00224e00255300275800295d002b62002d68002f6d0031700533710f35701637701c396f213b6e263d6e2a3f6d2e416d32436d35456c39486c3c4a6c3f4c6c424e6c45506c48526c4b546c4e566c51586d545a6d565c6d595e6e5c616e5e636f61656f646770666970696b716c6d726e6f737172747374757676767878777b7a787e7c78807f788381798683798985788c88788f8a78928c78948e779791779a93769d9576a09875a39a74a69c74a99f73aca172afa471b3a670b6a96fb9ab6dbcae6cbfb06bc2b369c5b568c8b866ccba64cfbd62d2c060d5c25ed9c55cdcc859dfca57e2cd54e6d051e9d34eedd54af0d846f3db42f7de3efbe138fee434fee838",
} as const;

export type Palette = keyof typeof SAMPLES;

const CHANNELS = 6;

/** The colour of a map of matplotlib at `t` from 0 to 1. */
export function paletteColor(palette: Palette, t: number): Rgb {
  const samples = SAMPLES[palette];
  const last = samples.length / CHANNELS - 1;
  const before = Math.min(last - 1, Math.floor(t * last));
  const part = t * last - before;
  const channel = (sample: number, index: number) =>
    Number.parseInt(samples.slice(CHANNELS * sample + 2 * index, CHANNELS * sample + 2 * index + 2), 16);
  return [0, 1, 2].map((index) =>
    Math.round(channel(before, index) * (1 - part) + channel(before + 1, index) * part),
  ) as unknown as Rgb;
}
