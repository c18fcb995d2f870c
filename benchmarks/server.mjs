import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** What BertViz loads from a CDN, and the npm file that stands in for it: jQuery 2.0.0 itself is not on npm. */
const CDN = {
  "https://cdnjs.cloudflare.com/ajax/libs/require.js/2.3.6/require.min.js": "requirejs/require.js",
  "https://cdnjs.cloudflare.com/ajax/libs/d3/5.7.0/d3.min.js": "d3/dist/d3.min.js",
  "https://cdnjs.cloudflare.com/ajax/libs/jquery/2.0.0/jquery.min.js": "jquery/dist/jquery.min.js",
};

/** Serves one file at a time on a local port, whatever its size; `show(path)` returns its address. */
export async function servePage() {
  let current = "";
  const server = createServer((request, response) => {
    if (!request.url.startsWith("/page")) return response.writeHead(404).end();
    response.writeHead(200, { "Content-Type": "text/html; charset=utf-8", "Content-Length": statSync(current).size });
    createReadStream(current)
      .pipe(response)
      .on("error", () => response.destroy());
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  return {
    show(path) {
      current = path;
      return `http://127.0.0.1:${port}/page`;
    },
    close: () => server.close(),
  };
}

/** Answers the context's CDN requests from npm and refuses every other one that leaves the machine; returns both lists. */
export async function interceptNetwork(context) {
  const requests = { cdn: [], refused: [] };
  await context.route(
    (url) => url.hostname !== "127.0.0.1",
    async (route) => {
      const url = route.request().url();
      const file = CDN[url];
      (file ? requests.cdn : requests.refused).push(url);
      if (!file) return route.abort();
      return route.fulfill({ path: require.resolve(file), contentType: "text/javascript" });
    },
  );
  return requests;
}
