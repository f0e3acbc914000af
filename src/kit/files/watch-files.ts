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

/**
 * Calls back when any of the files is another one than at the time of the call, once two looks in a row found the same (a
 * certificate and its key are rarely replaced in one moment). Looks every `everyMs` milliseconds, because events of the file
 * system do not come from network mounts and get lost when a symbolic link is swapped, as Kubernetes does with secrets.
 */
export function watchFiles(paths: readonly string[], everyMs: number, onChange: () => void): FileWatch {
  const lookAtAll = (): string => paths.map(look).join();
  let known = lookAtAll();
  let last = known;
  const timer = setInterval(() => {
    const seen = lookAtAll();
    const quiet = seen === last;
    last = seen;
    if (!quiet || seen === known) return;
    known = seen;
    onChange();
  }, everyMs).unref();
  return { close: () => clearInterval(timer) };
}
