import { closeSync, openSync } from 'node:fs';

/** For `node --import`: to the message `exhaust` it takes every file descriptor that is left, and to `release` it gives them back. */
const held: number[] = [];

function exhaust(): string {
  try {
    for (;;) held.push(openSync('/dev/null', 'r'));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  }
}

process.on('message', (message) => {
  if (message === 'exhaust') process.send?.(exhaust());
  if (message !== 'release') return;
  for (const descriptor of held.splice(0)) closeSync(descriptor);
  process.send?.('released');
});
