/** Check that the built files are within their size limits. */
import { check } from "./bundle-sizes.mjs";

try {
  check();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
