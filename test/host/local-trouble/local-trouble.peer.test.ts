import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { RunningRelay } from '../../e2e/running-relay.ts';
import { needs } from '../../support/needs.ts';
import { NO_LOOKUP, nothingLost, suffer } from './all-providers.ts';

const script = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

async function tell(relay: RunningRelay, message: string | object): Promise<void> {
  relay.child.send(message);
  await once(relay.child, 'message');
}

/** A code of the system for whatever the process connects to, or looks up. */
const failWith = (code: string, spared: readonly string[] = []) =>
  suffer(
    (relay) => tell(relay, { fail: code }),
    (relay) => tell(relay, { fail: '' }),
    { nodeArgs: ['--import', script('../../support/failing-network.ts')], spared },
  );

describe('trouble of this machine: pushes of every provider are not sent and wait, reports to a hook wait', () => {
  test.each(['ENOMEM', 'ENFILE', 'ENOBUFS', 'EADDRNOTAVAIL', 'EPERM', 'ENETUNREACH'])(
    'connections fail with %s',
    async (code) => {
      expect(await failWith(code)).toEqual(nothingLost());
    },
  );

  test.each(['EAI_AGAIN', 'EAI_MEMORY', 'EAI_FAIL'])('names cannot be looked up: %s', async (code) => {
    expect(await failWith(code, NO_LOOKUP)).toEqual(nothingLost(NO_LOOKUP));
  });

  test('all file descriptors are used up', needs('linux'), async () => {
    const exhausted = suffer(
      (relay) => tell(relay, 'exhaust'),
      (relay) => tell(relay, 'release'),
      { nodeArgs: ['--import', script('../../support/exhaust-descriptors.ts')], before: 'ulimit -n 256' },
    );
    expect(await exhausted).toEqual(nothingLost());
  });

  test.each([
    ['the source ports are used up', 'ports', []],
    ['the name servers are gone', 'names', NO_LOOKUP],
  ])('%s', needs('network namespaces'), async (_, trouble, spared) => {
    const inside = `ip link set lo up; exec "${process.execPath}" "${script('in-namespace.ts')}" ${trouble}`;
    const { stdout } = await promisify(execFile)('unshare', ['-mn', 'bash', '-euc', inside]);
    expect(JSON.parse(stdout)).toEqual(nothingLost(spared));
  });
});
