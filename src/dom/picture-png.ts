import type { SvgPicture } from "../core/look/picture-export";

/** Browsers refuse to create larger canvases. */
const MAX_SIDE = 16_384;
const MAX_AREA = 120_000_000;

/** A picture as a PNG of `scale` pixels per CSS pixel, or fewer if it would exceed what browsers can draw. */
export async function pngOf({ text, width, height }: SvgPicture, scale: number): Promise<Blob> {
  const ratio = Math.min(scale, MAX_SIDE / Math.max(width, height), Math.sqrt(MAX_AREA / (width * height)));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const image = await imageOf(text);
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((png) => (png ? resolve(png) : reject(new Error(`${REFUSED} Save it as SVG instead.`))), "image/png");
  });
}

const REFUSED = "The browser cannot turn this picture into a PNG.";

/** Loads an SVG as an image. Pages that forbid images with blob URLs may allow data URLs. */
async function imageOf(text: string): Promise<HTMLImageElement> {
  const address = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  try {
    return await loaded(address).catch(() => loaded(`data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`));
  } catch {
    throw new Error(`${REFUSED} The page may allow no such images; save it as SVG instead.`);
  } finally {
    URL.revokeObjectURL(address);
  }
}

async function loaded(address: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = address;
  await image.decode();
  return image;
}
