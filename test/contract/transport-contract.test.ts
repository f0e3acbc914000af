/**
 * What every provider's transport owes the relay, by the simulated provider of its row: `carrier/provider-row.ts` says it in words.
 * A further row is tested without a line here.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NO_LATE_OUTCOMES } from '../../src/carrier/late-outcomes.ts';
import type { OpenProvider, ProviderRow, SectionValues, TransportPlan } from '../../src/carrier/provider-row.ts';
import { numberedPools } from '../../src/http2/create-pool.ts';
import { type Outbound, openOutbound } from '../../src/outbound/outbound.ts';
import { providers, providerTable } from '../../src/providers/registry.ts';
import { type Sandbox, startSandbox } from '../../src/providers/start-sandbox.ts';
import type { Category, Delivery, Failed, Notification, Outcome, PushTransport } from '../../src/push/push.ts';
import { targetsOf } from '../../src/push/targets.ts';
import { pager } from '../providers/pager/provider.ts';
import { until } from '../support/until.ts';
import { configWith } from '../tls/tls-kit.ts';

const rows: readonly ProviderRow[] = [...providers, pager];

/** A transport of a row, and the simulated provider that it sends to. */
interface Bench extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly transport: PushTransport;
  readonly provider: OpenProvider<SectionValues>;
  readonly plan: TransportPlan<SectionValues>;
  readonly delivery: Delivery;
}

/** The first example of a row, as the relay hands it to a transport. */
function deliveryOf(row: ProviderRow): Omit<Delivery, 'environment'> {
  const [example] = Object.values(row.requests.examples);
  const { decoder } = providerTable([row]);
  const decoded = decoder.decode(JSON.stringify({ notifications: [example?.notification] }));
  if (!decoded.ok) throw new Error(`the example of ${row.name} is refused`);
  const notification = decoded.notifications[0] as Notification;
  const groups = targetsOf(notification, row.requests);
  const { kind, targets } = groups.find(({ kind: each }) => each === 'token' || each === 'subscription') ?? groups[0]!;
  return { notification, kind, targets: targets.slice(0, 1), attempt: 0 };
}

async function open(row: ProviderRow): Promise<Bench> {
  const sandbox = await startSandbox({ providers: providerTable([row]) });
  const outbound: Outbound = openOutbound({
    core: configWith({}).core,
    proxyEnv: {},
    extraCa: [sandbox.ca],
    createPool: numberedPools(),
  });
  const { configSchema } = providerTable([row]);
  const defaults = configSchema.build(({ leaf }) => leaf.default) as unknown as Record<string, SectionValues>;
  const settings = sandbox.providers.get(row.platform)?.settings;
  const section = { ...defaults[row.platform], ...settings, enabled: true, request_timeout: 5 } as SectionValues;
  const provider = await row.open({
    outbound,
    env: {},
    late: NO_LATE_OUTCOMES,
    sectionOf: () => section,
    log: () => {},
  });
  const about = deliveryOf(row);
  const [target] = about.targets as [string];
  const partition = row.delivery.partitionOf?.(target, section);
  const [environment] = row.environments;
  const plan = { app: 'default', section, environment, partition, trusted: true, own: true, origin: 'file' as const };
  const transport = provider.transport(plan);
  return {
    ...{ sandbox, transport, provider, plan, delivery: { ...about, environment } },
    async [Symbol.asyncDispose]() {
      await transport.close();
      await provider.close?.();
      await outbound.close();
      await sandbox.close();
    },
  };
}

/** Outcomes by index; a target that is settled twice is a mistake. */
function send(transport: PushTransport, delivery: Delivery): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    let isSettled = false;
    transport.send(delivery, (index, outcome) => {
      if (isSettled || index !== 0) reject(new Error(`index ${index} was settled once too often`));
      isSettled = true;
      // One turn for a second call, which there must not be.
      setImmediate(resolve, outcome);
    });
  });
}

const failedAs = (outcome: Outcome): Category | 'accepted' =>
  outcome.kind === 'failed' ? outcome.category : 'accepted';

describe.each(rows.map((row) => [row.name, row] as const))('the transport of %s', (_, row) => {
  // SMTP has no statuses of HTTP and no Retry-After; test/email has its answers and cuts.
  const isMail = row.platform === 'email';
  let bench: Bench;
  beforeEach(async () => {
    bench = await open(row);
  });
  afterEach(() => bench[Symbol.asyncDispose]());

  const outcome = (): Promise<Outcome> => send(bench.transport, bench.delivery);

  test('delivers', async () => {
    expect(await outcome()).toMatchObject({ kind: 'accepted' });
    expect(bench.sandbox.delivered()).toBe(1);
    expect(bench.sandbox.deliveries()).toMatchObject([{ platform: row.platform }]);
    expect(bench.transport.status()).toMatchObject({ status: 'pass', inFlight: 0 });
    expect(bench.transport.status().lastSuccessAt).toBeTypeOf('number');
  });

  test('settles every target of a delivery, each once', async () => {
    const targets = Array.from({ length: 20 }, () => bench.delivery.targets[0] as string);
    const settled: number[] = [];
    bench.transport.send({ ...bench.delivery, targets }, (index) => settled.push(index));
    await until(() => settled.length >= targets.length, 'all are settled');
    expect(settled.toSorted((a, b) => a - b)).toEqual(targets.map((_target, index) => index));
  });

  test('knows a dead target, where the provider has such a word', async () => {
    const words = Object.values(row.reasons);
    const kills = words.some(({ category, aboutTarget }) => category === 'invalid_token' || aboutTarget !== undefined);
    bench.sandbox.scriptAll('unregistered');
    const result = await outcome();
    expect(result.kind).toBe('failed');
    if (kills) expect(failedAs(result)).toBe('invalid_token');
    else expect(failedAs(result)).not.toBe('invalid_token');
  });

  if (!isMail)
    test('never calls a target dead for an answer that it does not know', async () => {
      for (const [status, category] of [
        [418, 'invalid_request'],
        [502, 'unavailable'],
      ] as const) {
        bench.sandbox.scriptAll({ status, headers: { 'content-type': 'text/html' }, body: '<h1>A proxy</h1>' });
        const result = (await outcome()) as Failed;
        expect(result).toMatchObject({ kind: 'failed', status });
        expect(['invalid_request', 'unavailable', 'unanswered']).toContain(result.category);
        if (category === 'unavailable') expect(result.category).toBe(category);
      }
    });

  if (!isMail)
    test('settles a good status with a body that is no answer', async () => {
      bench.sandbox.scriptAll({ status: 200, headers: { 'content-type': 'text/html' }, body: '<h1>A proxy</h1>' });
      const result = await outcome();
      // Where the status says everything the body is not read.
      if (result.kind === 'failed') expect(['unavailable', 'unanswered']).toContain(result.category);
    });

  test('tells a refused credential, and that no push gets through', async () => {
    bench.sandbox.scriptAll('bad-credential');
    const result = (await outcome()) as Failed;
    // HMS has one word for an app of ours and for one that the request names.
    expect(['credential', 'invalid_request']).toContain(result.category);
    if (result.category !== 'credential') return;
    const { status, output } = bench.transport.status();
    expect(status).not.toBe('pass');
    expect(output).toBeTypeOf('string');
  });

  test.each(['busy', 'down'] as const)('knows "later" (%s), for as long as it is asked to wait', async (fate) => {
    bench.sandbox.scriptAll(fate);
    const result = (await outcome()) as Failed;
    expect(result.category).toBe('unavailable');
    if (fate === 'busy' && !isMail) expect(result.retryAfterMs).toBeGreaterThan(0);
  });

  test('says "not sent" when nobody listens', async () => {
    await bench.sandbox.close();
    const result = (await outcome()) as Failed;
    expect(result.category).toBe('not_sent');
    expect(bench.transport.status().status).not.toBe('pass');
  });

  if (!isMail)
    test('does not say "not sent" when the connection is cut after the request', async () => {
      bench.sandbox.scriptAll('cut');
      expect(failedAs(await outcome())).toBe('unanswered');
    });

  test('gives up what is under way when it is closed, and all that comes later', async () => {
    bench.sandbox.scriptAll('silent');
    const waiting = outcome();
    await until(() => bench.transport.status().inFlight > 0, 'the push is under way');
    await bench.transport.close();
    expect(['not_sent', 'unanswered']).toContain(failedAs(await waiting));
    expect(failedAs(await outcome())).toBe('not_sent');
    expect(bench.transport.status().inFlight).toBe(0);
  });

  test('can be asked about its credential', async () => {
    const { transport, provider, plan } = bench;
    if (row.probe) {
      const push = row.probe.push(plan.section, 'com.example.app');
      const answer = await send(transport, { ...push, attempt: 0 });
      const isGood =
        answer.kind === 'accepted' || answer.category === 'invalid_token' || row.probe.isGood?.(answer, push);
      expect(isGood).toBe(true);
      return;
    }
    expect((await provider.tryCredential?.(plan))?.kind ?? 'good').toBe('good');
    expect(bench.sandbox.delivered()).toBe(0);
  });

  test('tells no secret and no target in its errors', async () => {
    const secrets = Object.values(plain(bench.sandbox.providers.get(row.platform)?.settings)).filter(
      (value) => value.length >= 12 && !value.startsWith('http'),
    );
    const [target] = bench.delivery.targets as [string];
    for (const answer of ['bad-credential', 'unregistered', 'down', 'cut'] as const) {
      bench.sandbox.scriptAll(answer);
      const { error = '' } = (await outcome()) as Partial<Failed>;
      for (const text of [target, ...secrets]) expect(error).not.toContain(text);
      expect(bench.transport.status().output ?? '').not.toContain(target);
    }
  });
});

/** Texts of settings, those inside records too. */
function plain(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(plain);
}
