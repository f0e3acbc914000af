/** How far it is: on a terminal a bar that is drawn again and again, else nothing. */
export interface SendProgress {
  show(state: SendState): void;
  /** Takes the bar away. */
  end(): void;
}

export interface SendState {
  /** From 0 to 1; undefined: the end is not known. */
  readonly done: number | undefined;
  readonly delivered: number;
  readonly failed: number;
}

const WIDTH = 24;
/** Milliseconds between two pictures. */
const EVERY_MS = 100;
const CLEAR = '\r\u001b[K';

/** `[=====     ]  21 %  2,100 delivered, 3 failed  1,050/s` */
export function progressLine({ done, delivered, failed }: SendState, perSecond: number): string {
  const filled = Math.round((done ?? 0) * WIDTH);
  const bar =
    done === undefined ? '' : `[${'='.repeat(filled).padEnd(WIDTH)}] ${String(Math.floor(done * 100)).padStart(3)} %  `;
  const counts = `${delivered.toLocaleString('en')} delivered, ${failed.toLocaleString('en')} failed`;
  return `${bar}${counts}  ${Math.round(perSecond).toLocaleString('en')}/s`;
}

/** @param now monotonic milliseconds */
export function openProgress(
  stream: Pick<NodeJS.WriteStream, 'write' | 'isTTY'>,
  now: () => number = () => performance.now(),
): SendProgress {
  if (!stream.isTTY) return { show() {}, end() {} };
  const begun = now();
  let drawn = Number.NEGATIVE_INFINITY;
  return {
    show(state) {
      if (now() - drawn < EVERY_MS) return;
      drawn = now();
      const seconds = Math.max(0.001, (drawn - begun) / 1000);
      stream.write(`${CLEAR}${progressLine(state, (state.delivered + state.failed) / seconds)}`);
    },
    end: () => void stream.write(CLEAR),
  };
}
