import { open, readFile, rename } from 'node:fs/promises';

/** A number that is kept apart from the store, and only grows. */
export interface MarkKeeper {
  /** Undefined: there is none yet. */
  read(): Promise<number | undefined>;
  /** Resolves once it is on the disk. */
  write(mark: number): Promise<void>;
}

/** @param path `<hub.path>.mark` */
export const markFile = (path: string): MarkKeeper => ({
  async read() {
    const text = await readFile(path, 'utf8').catch(() => '');
    return /^\d{1,15}\n$/.test(text) ? Number(text) : undefined;
  },
  async write(mark) {
    const next = `${path}.${process.pid}.new`;
    const file = await open(next, 'w', 0o600);
    try {
      await file.writeFile(`${mark}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(next, path);
  },
});
