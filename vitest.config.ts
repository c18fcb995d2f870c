import { defineConfig } from "vitest/config";

/** The tests that stand beside the sources; `ui-tests/` has its own configuration. */
export default defineConfig({
  test: {
    include: ["src/**/*.test.ts"],
  },
});
