/** The path of a Chromium that starts, installed if need be. Throws where none is to be had. */
export function findChromium(log?: (line: string) => void): string;
