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
