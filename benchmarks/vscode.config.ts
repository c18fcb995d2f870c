import { defineConfig } from "vitest/config";

/** `npx vitest run -c benchmarks/vscode.config.ts`: measures in the VS Code host that the browser tests use. */
export default defineConfig({
  test: {
    include: ["benchmarks/vscode.ts"],
    globalSetup: ["ui-tests/harness/setup.ts"],
    testTimeout: 600_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
  },
});
