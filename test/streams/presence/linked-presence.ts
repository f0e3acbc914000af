import type { PresenceAnswer, PresenceChannel } from '../../../src/streams/presence/presence-call.ts';
import type { PresenceHost } from '../../../src/streams/presence/presence-host.ts';

/** Between a process and the one that knows of all: later, in order, as text. */
export function channelTo(host: PresenceHost): PresenceChannel & { gone(): Promise<void> } {
  const member = host.member();
  let hear: (answers: readonly PresenceAnswer[]) => void = () => {};
  return {
    async send(calls) {
      const text = JSON.stringify(calls);
      await new Promise((resolve) => setImmediate(resolve));
      const answers = JSON.stringify(await member.hear(JSON.parse(text)));
      setImmediate(() => hear(JSON.parse(answers)));
    },
    listen(listener) {
      hear = listener;
    },
    gone: () => member.gone(),
  };
}
