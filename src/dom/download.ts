import { element } from "./element";

/** How long the browser may take to read a file that it was given, in milliseconds. */
const READING = 60_000;

/** Gives a file to the reader, as browsers do with what is downloaded. */
export function download(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  const link = element("a", { href: address, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), READING);
}
