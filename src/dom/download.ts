import { element } from "./element";

/** The time that the browser gets to read a file, in milliseconds. */
const READING = 60_000;

/** What to say of a file that was handed to the host. VS Code asks where to save it, and does not tell the answer. */
export function downloadWords(name: string): string {
  const isAsked = document.body.dataset.vscodeThemeKind !== undefined;
  return isAsked ? `VS Code asks where to save ${name}` : `Saved ${name}`;
}

/** Downloads a file through the browser. */
export function download(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  const link = element("a", { href: address, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), READING);
}
