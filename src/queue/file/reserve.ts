import { randomFillSync } from 'node:crypto';
import { closeSync, openSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { PAGE_BYTES } from './file-format.ts';

const KIB = 1024;
const LARGEST = 8 * KIB * KIB;
/** A disk that has less to spare is full. */
const SMALLEST = 256 * KIB;
const PAGE = PAGE_BYTES;
/** Of file systems. */
const FILE_BLOCK = 4096;
/** Pages that a record changes in addition to its own. */
const SLACK = 16 * PAGE;
const MOST_CHECKPOINT_PAGES = 250;

/** Some file systems do not know how large they are; a disk that does not answer has no room. */
function freeBytes(folder: string): number {
  try {
    const { blocks, bavail, bsize } = statfsSync(folder);
    return blocks === 0 ? Number.POSITIVE_INFINITY : bavail * bsize;
  } catch {
    return 0;
  }
}

/** A file system may store zeroes as nothing, and the same block once: this is random, and each block begins with its number. */
function writeFiller(path: string, size: number): void {
  const block = randomFillSync(new Uint32Array(SMALLEST / 4));
  let number = 0;
  const file = openSync(path, 'w', 0o600);
  try {
    for (let at = 0; at < size; at += SMALLEST) {
      for (let begin = 0; begin < block.length; begin += FILE_BLOCK / 4) block[begin] = number++;
      // The whole of it, or an error.
      writeFileSync(file, block);
    }
  } finally {
    closeSync(file);
  }
}

/**
 * Room on the disk that is kept for the worst moment: forgetting a delivered push takes a few pages, too, and without them a
 * queue that has filled its disk could never make room again. A file beside the queue file, removed when the disk is full.
 */
export class Reserve {
  readonly #path: string;
  #size: number;
  /** Bytes that the disk had when it was looked at, less what was asked for since. */
  #budget = 0;
  #isShort = false;

  /** Takes the room at once, if there is any. @param queuePath the queue file. */
  constructor(queuePath: string) {
    this.#path = `${queuePath}-reserve`;
    const left = statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
    this.#size = left >= SMALLEST ? left : 0;
    this.take();
  }

  /** Bytes; 0 while it is not held. */
  get size(): number {
    return this.#size;
  }

  get isHeld(): boolean {
    return this.#size > 0;
  }

  /** Bytes that the disk has left. */
  get free(): number {
    return freeBytes(dirname(this.#path));
  }

  /** How much of SQLite's log may wait to be moved into the file, so that the reserve suffices to move it. */
  get checkpointPages(): number {
    return Math.min(MOST_CHECKPOINT_PAGES, Math.floor(Math.max(SMALLEST, this.#size) / 2 / PAGE));
  }

  /** True when nothing more may be taken: the reserve is gone, or the last record that asked had no room. */
  get isDiskFull(): boolean {
    return !this.isHeld || this.#isShort;
  }

  /** Looks at the disk again, after room was made. */
  look(): void {
    this.#budget = freeBytes(dirname(this.#path));
    this.#isShort = this.#budget < SMALLEST;
  }

  /** Whether a further record of so many bytes fits on the disk, in the log and in the file. */
  hasRoomFor(bytes: number): boolean {
    const need = bytes * 2 + SLACK;
    if (this.#budget < need) this.#budget = freeBytes(dirname(this.#path));
    this.#isShort = this.#budget < need;
    if (!this.#isShort) this.#budget -= need;
    return !this.#isShort;
  }

  /** Gives the room back to the disk, unless that takes nothing, not even this: it has become read-only. */
  release(): void {
    this.#size = 0;
    try {
      rmSync(this.#path, { force: true });
    } catch {
      // What is left of it is taken over by the next process.
    }
  }

  /** Takes a quarter of what is free, at most 8 MiB: true when it is held. */
  take(): boolean {
    if (this.isHeld) return true;
    // A quota may leave less than the disk has.
    for (let size = LARGEST; size >= SMALLEST; size /= 2) if (this.#takeExactly(size)) return true;
    return false;
  }

  #takeExactly(size: number): boolean {
    if (freeBytes(dirname(this.#path)) < size * 4) return false;
    try {
      writeFiller(this.#path, size);
      this.#size = size;
    } catch {
      this.release();
    }
    return this.isHeld;
  }
}
