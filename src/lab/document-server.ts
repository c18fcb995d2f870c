import { ServerConnection, type ServiceManager } from "@jupyterlab/services";
import type { AskRange } from "./http-reader";

/** Asks the server of the file's drive for ranges of the file at `path`. */
export function rangesOf({ contents, serverSettings }: ServiceManager.IManager, path: string): AskRange {
  return async (range, signal) => {
    const url = await contents.getDownloadUrl(path);
    const init = { headers: { Range: range }, signal };
    // A drive may lead to another server, which is not to learn the token of this one.
    const isOwn = url.startsWith(serverSettings.baseUrl);
    return isOwn ? ServerConnection.makeRequest(url, init, serverSettings) : serverSettings.fetch(url, init);
  };
}
