// Measures pages on request: one job a line on the standard input, one result a line on the standard output.
import { createInterface } from "node:readline";
import { startBrowser } from "./browser.mjs";
import { servePage } from "./server.mjs";
import { visit } from "./visit.mjs";

const settings = JSON.parse(process.argv[2]);
const server = await servePage();
let current = await startBrowser();
process.stdout.write(`${JSON.stringify({ chromium: current.browser.version() })}\n`);

async function measure({ path, ...job }) {
  const result = await visit(current.browser, server.show(path), job, settings);
  if (result.failure !== null) {
    // A page that blocks its renderer can't be closed: the next one gets a fresh browser.
    await current.kill();
    current = await startBrowser();
  }
  return result;
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await measure(JSON.parse(line)))}\n`);
}
await current.kill();
server.close();
