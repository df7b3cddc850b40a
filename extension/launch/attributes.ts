/** The launch attributes as they come from launch.json; the adapter judges their values. */

export interface CaptureFile {
  readonly file: string;
  readonly base?: string | number;
  readonly space?: string;
}

/** The files of the attribute `capture`, in its order; what is not shaped like one is left out. */
export function captureFiles(capture: unknown): readonly CaptureFile[] {
  const list: readonly unknown[] = Array.isArray(capture) ? capture : [capture];
  return list.flatMap((entry) => {
    if (typeof entry === 'string') return [{ file: entry }];
    return isCaptureFile(entry) ? [entry] : [];
  });
}

function isCaptureFile(entry: unknown): entry is CaptureFile {
  return typeof entry === 'object' && entry !== null && 'file' in entry && typeof entry.file === 'string';
}

/** The same attribute with each path given to `change`. */
export function mapCaptureFiles(capture: unknown, change: (file: string) => string): unknown {
  if (Array.isArray(capture)) return capture.map((entry) => mapCaptureFiles(entry, change));
  if (typeof capture === 'string') return change(capture);
  if (isCaptureFile(capture)) return { ...capture, file: change(capture.file) };
  return capture;
}
