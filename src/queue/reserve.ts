import { randomFillSync } from 'node:crypto';
import { rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const KIB = 1024;
const LARGEST = 8 * KIB * KIB;
/** With less than this there is nothing to gain. */
const SMALLEST = 256 * KIB;
const PAGE = 4 * KIB;
const MOST_CHECKPOINT_PAGES = 1000;

const freeBytes = (folder: string): number => {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
};

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * Room on the disk that is kept for the worst moment: forgetting a delivered push takes a few pages, too, and without them a
 * queue that has filled its disk could never make room again. A file beside the queue file, removed when the disk is full.
 */
export class Reserve {
  /** Bytes. */
  readonly size: number;
  readonly #path: string;
  #isHeld: boolean;

  private constructor(path: string, size: number, isHeld: boolean) {
    this.#path = path;
    this.size = size;
    this.#isHeld = isHeld;
  }

  /** For this queue file; a quarter of what is free, at most 8 MiB. Undefined where there is no room for one. */
  static beside(queuePath: string): Reserve | undefined {
    const path = `${queuePath}-reserve`;
    const left = sizeOf(path);
    if (left >= SMALLEST) return new Reserve(path, left, true);
    const room = Math.min(LARGEST, freeBytes(dirname(queuePath)) / 4);
    const reserve = new Reserve(path, Math.floor(room / SMALLEST) * SMALLEST, false);
    return reserve.size > 0 && reserve.take() ? reserve : undefined;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** How much of the log may wait to be moved into the file, so that this reserve suffices to move it. */
  get checkpointPages(): number {
    return Math.min(MOST_CHECKPOINT_PAGES, Math.floor(this.size / 2 / PAGE));
  }

  /** Gives the room back to the disk. */
  release(): void {
    this.#isHeld = false;
    rmSync(this.#path, { force: true });
  }

  /** Takes the room again, if the disk has twice as much: true when it is held. */
  take(): boolean {
    if (this.#isHeld) return true;
    if (freeBytes(dirname(this.#path)) < this.size * 2) return false;
    try {
      // Random, because a file system may store zeroes as nothing.
      writeFileSync(this.#path, randomFillSync(Buffer.alloc(this.size)));
      this.#isHeld = true;
    } catch {
      this.release();
    }
    return this.#isHeld;
  }
}
