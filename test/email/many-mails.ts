import { expect } from 'vitest';
import { startMailServer } from './mail-server.ts';
import { mailTransport, outcomesOf } from './mail-transport.ts';

const BATCH = 500;

const heapUsed = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};

/** Sends `total` mails through one transport. @returns bytes of the heap after a fifth of them, and after all */
export async function heapOfManyMails(total: number): Promise<{ readonly early: number; readonly late: number }> {
  await using server = await startMailServer();
  await using sender = mailTransport({ port: server.port });
  let early = 0;
  for (let sent = 0; sent < total; sent += BATCH) {
    const targets = Array.from({ length: BATCH }, (_, index) => `user${sent + index}@example.com`);
    const outcomes = await outcomesOf(sender, targets, { title: 'Hi', message: `mail ${sent}` });
    expect(outcomes.filter(({ kind }) => kind !== 'accepted')).toEqual([]);
    server.taken.length = 0;
    if (sent + BATCH === total / 5) early = heapUsed();
  }
  return { early, late: heapUsed() };
}
