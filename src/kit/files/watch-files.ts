import { statSync } from 'node:fs';

export interface FileWatch {
  close(): void;
}

function look(path: string): string {
  try {
    const { mtimeMs, ctimeMs, size, ino } = statSync(path);
    return `${mtimeMs} ${ctimeMs} ${size} ${ino}`;
  } catch {
    return 'gone';
  }
}

/** After a change that was not taken over, looks that pass until it is tried again: at first one, then twice as many, at most so many. */
const MOST_LOOKS = 20;

/**
 * Calls back when any of the files is another one than at the time of the call, once two looks in a row found the same (a
 * certificate and its key are rarely replaced in one moment). Looks every `everyMs` milliseconds, because events of the file
 * system do not come from network mounts and get lost when a symbolic link is swapped, as Kubernetes does with secrets.
 * @param onChange returns false when the change could not be taken over: it is tried again, for what stood in the way may pass (no
 * file descriptor was free, the disk did not answer)
 */
export function watchFiles(paths: readonly string[], everyMs: number, onChange: () => boolean): FileWatch {
  const lookAtAll = (): string => paths.map(look).join();
  let known = lookAtAll();
  let last = known;
  let failures = 0;
  let looksToPass = 0;
  const timer = setInterval(() => {
    const seen = lookAtAll();
    const quiet = seen === last;
    last = seen;
    if (!quiet) failures = looksToPass = 0;
    if (!quiet || seen === known || looksToPass-- > 0) return;
    if (onChange()) {
      known = seen;
      failures = looksToPass = 0;
    } else looksToPass = Math.min(MOST_LOOKS, 2 ** failures++) - 1;
  }, everyMs).unref();
  return { close: () => clearInterval(timer) };
}
