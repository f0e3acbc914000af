import { readFileSync } from 'node:fs';
import { withoutUserInfo } from '../../config/without-user-info.ts';
import { fileTrouble } from '../../kit/files/file-trouble.ts';
import { badAddress } from '../../kit/net/addresses.ts';
import { natsServers } from '../../queue/nats/nats-servers.ts';
import type { Draft, Findings } from './draft.ts';

function checkRedis({ config: { queue } }: Draft, { mistakes }: Findings): void {
  const { cluster, sentinel, db } = queue.redis;
  if (cluster && sentinel !== '')
    mistakes.push({ key: 'queue.redis.sentinel', text: 'a cluster has no sentinels; choose one' });
  if (cluster && db !== 0) mistakes.push({ key: 'queue.redis.db', text: 'a cluster has only database 0' });
}

/** Addresses as their clients read them. */
function checkAddresses({ config: { queue } }: Draft, { mistakes }: Findings): void {
  const lists = {
    'queue.redis.addr': queue.redis.addr,
    'queue.nsq.addr': queue.nsq.addr,
    'queue.nsq.http_addr': queue.nsq.http_addr,
  };
  for (const [key, list] of Object.entries(lists)) {
    const bad = key.startsWith(`queue.${queue.engine}.`) ? badAddress(list) : undefined;
    if (bad !== undefined)
      mistakes.push({ key, text: `must be host:port or [::1]:port, is "${withoutUserInfo(bad)}"` });
  }
}

function checkNats({ config: { queue } }: Draft, { mistakes }: Findings): void {
  const { addr, creds_path } = queue.nats;
  try {
    natsServers(addr);
  } catch {
    mistakes.push({ key: 'queue.nats.addr', text: 'must be host:port or nats://user:password@host:port' });
  }
  if (creds_path === '') return;
  try {
    readFileSync(creds_path);
  } catch (error) {
    mistakes.push({ key: 'queue.nats.creds_path', text: fileTrouble(error) });
  }
}

/** Names as each broker takes them; it says so of others when the first push is published, and then of each. */
const NAMES = {
  nsq: {
    keys: ['topic', 'channel'],
    form: /^[.a-zA-Z0-9_-]{1,64}(#ephemeral)?$/,
    text: 'must have 1 to 64 letters, digits, dots, - and _, with #ephemeral at the end if need be',
  },
  nats: {
    keys: ['subj', 'queue'],
    form: /^[^\s.*>/\\]+(\.[^\s.*>/\\]+)*$/,
    text: 'must have no blanks and no wildcards',
  },
  redis: {
    keys: ['stream_name', 'group', 'consumer'],
    form: /^\P{Cc}+$/u,
    text: 'must not be empty or have line breaks',
  },
} as const;

function checkNames({ config: { queue } }: Draft, engine: keyof typeof NAMES, { mistakes }: Findings): void {
  const { keys, form, text } = NAMES[engine];
  for (const key of keys) {
    const value = (queue[engine] as Readonly<Record<string, unknown>>)[key];
    if (!form.test(String(value))) mistakes.push({ key: `queue.${engine}.${key}`, text: `${text}, is "${value}"` });
  }
}

/** What `queue.require_durable` forbids, as far as settings tell. */
function checkDurable({ config: { queue } }: Draft, { mistakes }: Findings): void {
  if (!queue.require_durable) return;
  const why = 'and queue.require_durable is set: name a file in a folder that survives the process';
  if (queue.engine === 'local' && queue.local.path === '')
    mistakes.push({ key: 'queue.local.path', text: `is empty, so that accepted pushes are in memory only, ${why}` });
  if (queue.engine === 'nsq' && queue.nsq.topic.endsWith('#ephemeral'))
    mistakes.push({
      key: 'queue.nsq.topic',
      text: 'is ephemeral, which nsqd keeps in memory only, and queue.require_durable is set: give another topic',
    });
}

/** What the settings of the queue's broker say together. */
export function checkQueue(draft: Draft, findings: Findings): void {
  const { core, queue } = draft.config;
  if (queue.engine !== 'local') checkNames(draft, queue.engine, findings);
  checkAddresses(draft, findings);
  checkDurable(draft, findings);
  if (queue.engine === 'redis') checkRedis(draft, findings);
  if (queue.engine === 'nats') checkNats(draft, findings);
  if (queue.engine !== 'local' && core.sync) {
    const what = 'core.sync: pushes that go through a broker are answered before they are sent, as in Gorush';
    findings.warnings.push(`${what}; failures are reported to the feedback hook`);
  }
}
