import { ServerConnection, type ServiceManager } from "@jupyterlab/services";
import type { AskRange } from "./http-reader";

/** Requests ranges of the file at `path` from the server of its drive. */
export function rangesOf({ contents, serverSettings }: ServiceManager.IManager, path: string): AskRange {
  return async (range, signal) => {
    const url = await contents.getDownloadUrl(path);
    const init = { headers: { Range: range }, signal };
    // A drive may lead to another server, which must not get the token of this one.
    const isOwn = url.startsWith(serverSettings.baseUrl);
    return isOwn ? ServerConnection.makeRequest(url, init, serverSettings) : serverSettings.fetch(url, init);
  };
}
