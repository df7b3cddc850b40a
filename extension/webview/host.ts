/** The one channel of a page to the extension. */

interface VsCodeApi {
  postMessage(message: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

const api = acquireVsCodeApi();

/** Sends a message of this page. */
export function send<Message>(message: Message): void {
  api.postMessage(message);
}

/** Takes what the extension says; nothing else can reach the page. */
export function listen<Message>(take: (message: Message) => void): void {
  window.addEventListener('message', ({ data }: MessageEvent<Message>) => take(data));
}

/** The element of the page with an id. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  id: string,
): HTMLElementTagNameMap[Tag] {
  const found = document.querySelector<HTMLElementTagNameMap[Tag]>(`${tag}#${id}`);
  if (!found) throw new Error(`the page has no ${tag} with the id ${id}`);
  return found;
}
