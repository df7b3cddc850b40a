import type { LaunchInputs, OpenedMachine } from './inputs.ts';
import type { Session } from './session.ts';

const OPENING = 'Opening the memory dump';
/** A progress event for each percent is enough for a bar. */
const STEP = 1;

/** Opens the capture, shows how far it has come where the client can, and lets it cancel. */
export async function openWithProgress(
  session: Session,
  inputs: LaunchInputs,
  requestId: number,
): Promise<OpenedMachine> {
  const abort = new AbortController();
  session.opening = { requestId, progressId: `open-${requestId}`, abort: () => abort.abort() };
  const bar = new Bar(session, OPENING, session.opening.progressId, requestId);
  try {
    return await session.host.open(
      inputs,
      ({ text, done, total }) => bar.show(text, total > 0 ? (done / total) * 100 : 0),
      abort.signal,
    );
  } finally {
    bar.end();
    session.opening = null;
  }
}

/** A progress bar, in clients that show one. */
export class Bar {
  readonly #session: Session;
  readonly #title: string;
  readonly #id: string;
  readonly #requestId: number;
  #shown = -1;

  constructor(session: Session, title: string, id: string, requestId: number) {
    this.#session = session;
    this.#title = title;
    this.#id = id;
    this.#requestId = requestId;
  }

  show(message: string, percentage: number): void {
    if (!this.#session.client.progress) return;
    if (this.#shown < 0) {
      this.#session.event('progressStart', {
        progressId: this.#id,
        title: this.#title,
        message,
        requestId: this.#requestId,
        cancellable: true,
        percentage,
      });
    } else if (percentage < this.#shown + STEP) return;
    else this.#session.event('progressUpdate', { progressId: this.#id, message, percentage });
    this.#shown = percentage;
  }

  end(): void {
    if (this.#shown >= 0) this.#session.event('progressEnd', { progressId: this.#id });
  }
}
