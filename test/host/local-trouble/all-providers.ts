import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { providers } from '../../../src/providers/registry.ts';
import { startSandbox } from '../../../src/providers/start-sandbox.ts';
import { type HowStarted, type RunningRelay, startRelay } from '../../e2e/running-relay.ts';
import { until } from '../../support/until.ts';

/** What became of a push of each provider, and of a report for the hook, that met trouble of the machine. */
export interface Suffered {
  /** Categories of what was tried again, by provider. */
  readonly retried: Readonly<Record<string, string>>;
  /** Pushes that failed for good, the one to a platform that there is not left out. */
  readonly failed: number;
  readonly delivered: number;
  readonly reports: number;
}

/** @param spared providers that do not meet this trouble */
export const nothingLost = (spared: readonly string[] = []): Suffered => ({
  retried: Object.fromEntries(
    providers.filter(({ name }) => !spared.includes(name)).map(({ name }) => [name, 'not_sent']),
  ),
  failed: 0,
  delivered: providers.length,
  reports: 1,
});

/** Those that take the name `localhost` for what it is (RFC 6761), without a name server. */
export const NO_LOOKUP = ['web', 'email'];

/** Values of a series by a label. */
async function scrape(relay: RunningRelay, series: string): Promise<{ labels: string; value: number }[]> {
  const text = await (await fetch(`${relay.url}/metrics`)).text();
  return [...text.matchAll(new RegExp(`^${series}\\{([^}]*)\\} (\\d+)`, 'gm'))].map(([, labels = '', value]) => ({
    labels,
    value: Number(value),
  }));
}

const label = (labels: string, name: string): string => new RegExp(`${name}="([^"]*)"`).exec(labels)?.[1] ?? '';

/**
 * A relay with all providers and a hook, none of which was spoken to, meets trouble as long as it takes until each provider's push was
 * tried again.
 */
export async function suffer(
  begin: (relay: RunningRelay) => unknown,
  end: (relay: RunningRelay) => unknown,
  { spared = [], ...how }: HowStarted & { readonly spared?: readonly string[] } = {},
): Promise<Suffered> {
  let reports = 0;
  const hook = createServer((req, res) => {
    req.resume();
    reports++;
    res.end();
  });
  hook.listen(0, '127.0.0.1');
  await once(hook, 'listening');
  const { port } = hook.address() as AddressInfo;
  const sandbox = await startSandbox({ checks: { topic: false, token: false } });
  const folder = mkdtempSync(join(tmpdir(), 'martlet-trouble-'));
  const ca = join(folder, 'ca.pem');
  writeFileSync(ca, sandbox.ca);
  // By name, so that it has to be looked up; the sign-in of a service account is part of what it signs.
  const named = ({ credential, ...settings }: { readonly credential?: string }): object => ({
    ...JSON.parse(JSON.stringify(settings).replaceAll('127.0.0.1', 'localhost')),
    ...(credential === undefined ? {} : { credential }),
  });
  const sections = [...sandbox.providers].map(([platform, { settings }]) => [
    platform,
    { enabled: true, ...named(settings) },
  ]);
  const core = { ca_path: ca, feedback_hook_url: `http://localhost:${port}/` };
  const overlay = { ...Object.fromEntries(sections), core, queue: { backoff: 0.1, backoff_max: 0.5 } };
  const relay = await startRelay(overlay, {}, undefined, how);
  try {
    await relay.get('/readyz');
    await begin(relay);
    const pushes = providers.map(({ requests }) => {
      const [example] = Object.values(requests.examples);
      const { tokens = [], ...notification } = (example?.notification ?? {}) as { tokens?: string[] };
      return { ...notification, tokens: tokens.slice(0, 1) };
    });
    const { status } = await relay.push(...pushes, { platform: 77, tokens: ['t'], message: 'x' });
    if (status !== 200) throw new Error(`the request was refused with ${status}`);
    const retried: Record<string, string> = {};
    await until(async () => {
      for (const { labels, value } of await scrape(relay, 'martlet_retries_total'))
        if (value > 0) retried[label(labels, 'provider')] = label(labels, 'category');
      return Object.keys(retried).length >= providers.length - spared.length;
    }, 'each provider is tried again').catch((error) => {
      throw new Error(`${error.message}: ${JSON.stringify(retried)} ${relay.output()}`);
    });
    await end(relay);
    const counted = async (outcome: string): Promise<number> =>
      (await scrape(relay, 'martlet_pushes_total'))
        .filter(({ labels }) => label(labels, 'outcome') === outcome && label(labels, 'provider') !== 'none')
        .reduce((sum, { value }) => sum + value, 0);
    await until(
      async () => (await counted('accepted')) + (await counted('failed')) >= providers.length && reports > 0,
      'all have an outcome',
    ).catch((error) => {
      throw new Error(`${error.message}: ${relay.output()}`);
    });
    return { retried, failed: await counted('failed'), delivered: await counted('accepted'), reports };
  } finally {
    await relay[Symbol.asyncDispose]();
    await sandbox.close();
    hook.close();
    hook.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  }
}
