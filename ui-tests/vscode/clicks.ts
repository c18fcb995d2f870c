/**
 * Handles clicks on links as VS Code does: its webviews follow none. The page reads a file that a link would download
 * and passes it to the workbench, which asks where to save it.
 */
export function handleClicks(save: (data: string, name: string) => void): void {
  document.body.addEventListener("click", (event) => {
    const link = linkOf(event);
    if (!link) return;
    if (link.href.startsWith("blob:")) void read(link.href).then((data) => save(data, link.download));
    else if (link.href.startsWith("data:")) save(link.href, link.download);
    event.preventDefault();
    event.stopPropagation();
  });
}

function linkOf(event: Event): HTMLAnchorElement | undefined {
  return event
    .composedPath()
    .find((node): node is HTMLAnchorElement => node instanceof HTMLAnchorElement && !!node.href);
}

async function read(address: string): Promise<string> {
  const blob = await (await fetch(address)).blob();
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result as string));
    reader.readAsDataURL(blob);
  });
}
