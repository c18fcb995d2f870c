/** A colour in the notation that every SVG reader understands. */
export interface Paint {
  readonly color: string;
  readonly opacity: number;
}

const RGB = /^rgba?\(([\d.]+)[, ]+([\d.]+)[, ]+([\d.]+)(?:[, /]+([\d.]+%?))?\)$/;
const SRGB = /^color\(srgb ([-\d.e]+) ([-\d.e]+) ([-\d.e]+)(?: \/ ([\d.e-]+%?))?\)$/;

/** Converts a computed CSS colour to a literal one; null if it is invisible. */
export function paintOf(css: string): Paint | null {
  const rgb = RGB.exec(css);
  if (rgb) return paint(rgb.slice(1, 4).map(Number), rgb[4]);
  const srgb = SRGB.exec(css);
  if (srgb)
    return paint(
      srgb.slice(1, 4).map((channel) => 255 * Number(channel)),
      srgb[4],
    );
  return css === "" || css === "none" || css === "transparent" ? null : painted(css);
}

function paint(channels: readonly number[], alpha = "1"): Paint | null {
  const opacity = alpha.endsWith("%") ? Number.parseFloat(alpha) / 100 : Number(alpha);
  const hex = channels.map((channel) =>
    Math.round(Math.min(255, Math.max(0, channel)))
      .toString(16)
      .padStart(2, "0"),
  );
  return opacity > 0 ? { color: `#${hex.join("")}`, opacity } : null;
}

/** Converts any other notation: paints it and reads the pixel. */
function painted(css: string): Paint | null {
  const brush = document.createElement("canvas").getContext("2d");
  if (!brush) return null;
  brush.fillStyle = css;
  brush.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0, alpha = 0] = brush.getImageData(0, 0, 1, 1).data;
  return paint([red, green, blue], String(alpha / 255));
}
