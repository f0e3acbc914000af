import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/host/config/load.ts';
import { apart } from '../../../src/host/sandbox/apart.ts';

const pathFor = (path: string): string => {
  const { config } = loadConfig({ values: { sandbox: { enabled: true }, hub: { path } }, env: {}, cwd: '/' });
  return apart(config).hub.path;
};

test.each([
  ['data/hub.db', 'data/hub-sandbox.db'],
  ['/var/lib/martlet/people', '/var/lib/martlet/people-sandbox'],
  ['hub.v1.db', 'hub.v1-sandbox.db'],
  ['', ''],
])("the hub's file %j is %j in the sandbox", (path, apartFrom) => {
  expect(pathFor(path)).toBe(apartFrom);
});

test('at a broker what the sandbox waits for has a name of its own', () => {
  const { config } = loadConfig({ values: { sandbox: { enabled: true } }, env: {}, cwd: '/' });
  const { redis, nats, nsq } = apart(config).queue;
  expect([redis.stream_name, nats.subj, nsq.topic]).toEqual(['gorush-sandbox', 'gorush-sandbox', 'gorush-sandbox']);
  const long = {
    ...config,
    queue: { ...config.queue, nsq: { ...config.queue.nsq, topic: `${'t'.repeat(60)}#ephemeral` } },
  };
  expect(apart(long).queue.nsq.topic).toBe(`${'t'.repeat(47)}-sandbox#ephemeral`);
});
