import type { Rgb } from "../src/core/look/line-geometry";
import { oklabOf } from "../src/core/look/oklch";

/** How colours look to readers who see fewer: without red or green cones, and on paper printed in grey. */
export const VISIONS = ["deuteranopia", "protanopia", "grey"] as const;

/**
 * Machado, Oliveira and Fernandes 2009, "A Physiologically-based Model for Simulation of Color Vision Deficiency", table
 * of severity 1.0, on linear sRGB. Grey has the luminance of sRGB.
 */
const MATRICES: Readonly<Record<(typeof VISIONS)[number], readonly (readonly [number, number, number])[]>> = {
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  grey: [
    [0.2126, 0.7152, 0.0722],
    [0.2126, 0.7152, 0.0722],
    [0.2126, 0.7152, 0.0722],
  ],
};

/** A colour as a reader with this vision sees it. */
export function seenBy(vision: (typeof VISIONS)[number], rgb: Rgb): Rgb {
  const linear = rgb.map((channel) => decode(channel / 255)) as [number, number, number];
  const seen = MATRICES[vision].map(([r, g, b]) => r * linear[0] + g * linear[1] + b * linear[2]);
  return seen.map((channel) => 255 * encode(Math.min(1, Math.max(0, channel)))) as unknown as Rgb;
}

/** The distance of two colours in OKLab; 0.02 is just noticeable. */
export function colorDistance(one: Rgb, other: Rgb): number {
  const [p, q] = [oklabOf(one), oklabOf(other)];
  return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}

function decode(channel: number): number {
  return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
}

function encode(linear: number): number {
  return linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
}
