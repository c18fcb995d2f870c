import { defineConfig } from "vitest/config";

/** The tests that stand beside the sources; `ui-tests/` has its own configuration. */
export default defineConfig({
  test: {
    include: ["src/**/*.test.ts"],
    // For what hangs: how long a test takes on a busy machine is none of its business.
    testTimeout: 60_000,
  },
});
