import { randomUUID } from "node:crypto";
import type { Page } from "playwright-core";
import "./lab";
import { later } from "./later";

/**
 * Runs code in the kernel of the open notebook. Returns what it printed and the value of its last line, without
 * warnings.
 */
export async function kernel(page: Page, code: string): Promise<string> {
  const { text, error } = await page.evaluate(async (code) => {
    const kernel = window.headscopeTestPanel.sessionContext.session?.kernel;
    if (!kernel) throw new Error("The notebook has no kernel.");
    const future = kernel.requestExecute({ code, store_history: false });
    let text = "";
    let error = "";
    future.onIOPub = ({ header, content }) => {
      if (header.msg_type === "stream" && (content as { name: string }).name === "stdout") {
        text += (content as { text: string }).text;
        document.body.dataset.printed = text;
      }
      if (header.msg_type === "execute_result")
        text += (content as { data: Record<string, string> }).data["text/plain"];
      if (header.msg_type === "error") error = (content as { traceback: string[] }).traceback.join("\n");
    };
    await future.done;
    return { text, error };
  }, code);
  if (error) throw new Error(plain(error));
  return text.trim();
}

/** Runs code, as `kernel` does, and returns once the kernel runs it; the result comes when it has ended. */
export async function kernelRuns(page: Page, code: string): Promise<{ readonly result: Promise<string> }> {
  const mark = randomUUID();
  const printed = later(kernel(page, `print("${mark}", flush=True)\n${code}`));
  await Promise.race([printed, page.locator(`body[data-printed^="${mark}"]`).waitFor({ state: "attached" })]);
  return { result: printed.then((text) => text.replace(mark, "").trim()) };
}

/** Removes terminal colours. */
export function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours are escape sequences
  return text.replace(/\u001b\[[0-9;]*m/g, "");
}
