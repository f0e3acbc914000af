import { expect, onTestFinished, test } from 'vitest';
import type { PresenceCall, PresenceChannel } from '../../../src/streams/presence/presence-call.ts';
import { PresenceHost } from '../../../src/streams/presence/presence-host.ts';
import { SharedPresence } from '../../../src/streams/presence/shared-presence.ts';
import { channelTo } from './linked-presence.ts';

function open(channel: PresenceChannel, patienceMs?: number): SharedPresence {
  const presence = new SharedPresence({ channel, ...(patienceMs === undefined ? {} : { patienceMs }) });
  onTestFinished(() => presence.close());
  return presence;
}

test('a process that was killed takes its own connections with it, and no one else has to ask for that', async () => {
  const host = new PresenceHost();
  const killed = channelTo(host);
  const [one, other] = [open(killed), open(channelTo(host))];
  await one.register('ada', { instance: 'one' });
  await one.register('bob', { instance: 'one' });
  await other.register('bob', { instance: 'other' });
  expect(await other.onlineUsers(['ada', 'bob', 'cyd'])).toEqual(['ada', 'bob']);
  await killed.gone();
  expect(await other.onlineUsers(['ada', 'bob', 'cyd'])).toEqual(['bob']);
  expect(await other.locate('bob')).toEqual([{ instance: 'other', connections: 1 }]);
  // What was still on its way when it ended brings no one back.
  await killed.send([{ id: 1, do: 'join', key: 'late', user: 'ada', place: { instance: 'one' } }]);
  expect(await other.isOnline('ada')).toBe(false);
});

test('what is said in one turn leaves in one message', async () => {
  const host = new PresenceHost();
  const through = channelTo(host);
  const sent: (readonly PresenceCall[])[] = [];
  const channel: PresenceChannel = {
    send(calls) {
      sent.push(calls);
      return through.send(calls);
    },
    listen: (hear) => through.listen(hear),
  };
  const presence = open(channel);
  await Promise.all(Array.from({ length: 1000 }, (_, index) => presence.register(`u${index}`)));
  expect(sent.map(({ length }) => length)).toEqual([1000]);
  expect(await presence.isOnline('u999')).toBe(true);
});

test('a primary that does not answer holds up no one: what the process knows by itself counts', async () => {
  const presence = open({ send: async () => {}, listen() {} }, 1);
  const connection = await presence.register('ada', { instance: 'one' });
  expect(await presence.onlineUsers(['ada', 'bob'])).toEqual(['ada']);
  await presence.say('bob', 'idle', 60_000);
  expect((await presence.look(['bob'])).get('bob')).toMatchObject({ online: true, state: 'idle' });
  connection.state('idle');
  expect((await presence.look(['ada'])).get('ada')?.state).toBe('idle');
  await connection.leave();
  expect(await presence.isOnline('ada')).toBe(false);
});
