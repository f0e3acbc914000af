import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { OpenApiDocument } from '../../../src/api/openapi/document.ts';
import { cpuOf } from '../../attacks/attacked-relay.ts';
import { type RunningRelay, startRelay } from '../../e2e/running-relay.ts';
import { startHook } from '../../feedback/hook-server.ts';
import { freePort } from '../../support/free-port.ts';
import { grpcDoors } from './grpc-doors.ts';
import { httpDoors } from './http-doors.ts';
import type { TextDoor } from './text-door.ts';
import { LETTERS, type TextShape, textShape } from './text-shape.ts';

export interface FuzzTextsOptions {
  /** Texts that are sent. */
  readonly runs: number;
  readonly seed: number;
  /** Of ten texts, how many are as long as they may be; default 1. */
  readonly longest?: number;
}

/** What the worst of all texts came to. */
export interface FuzzedTexts {
  readonly doors: number;
  readonly texts: number;
  readonly bytes: number;
  readonly healthy: number;
  readonly most: { readonly cpuMs: number; readonly of: string };
  /** What was logged, answered or sent to the hook, whichever was most, for each byte that came in. */
  readonly widest: { readonly times: number; readonly of: string };
}

const KIB = 1024;
const QUIET_MS = 20;
/** Less often than the relay makes a new reading of its metrics (src/kit/rationed.ts). */
const LOOK_MS = 60;
const PLATFORMS = [1, 2, 3, 4, 5, 6, 7, 8, 9];
/** The relay's own time that any text may take, and what one of letters of that length may be cheaper by; in milliseconds. */
const FREE_MS = 500;
const MOST = 8;
const MOST_TIMES = 3;
/** Lines of the log, answers and reports have words of their own. */
const FREE_BYTES = 64 * KIB;
/** No line of the log may say so. */
const WRONG = /nothing handles|a request failed|an error on the way|InternalError|a listener of/;

interface Case {
  readonly door: number;
  readonly size: 'small' | 'large' | 'longest';
  readonly shape: TextShape;
}

class Attack {
  readonly relay: RunningRelay;
  /** So far, by the log and to the hook. */
  readonly #written: () => readonly [log: number, hook: number];
  /** Of letters, by door and size. */
  readonly #harmless = new Map<string, number>();
  readonly sums = { texts: 0, bytes: 0, healthy: 0, most: { cpuMs: 0, of: '' }, widest: { times: 0, of: '' } };

  constructor(relay: RunningRelay, hooked: () => number) {
    this.relay = relay;
    this.#written = () => [relay.output().length, hooked()];
  }

  /** Rejects when the text costs more than letters do, or is written more than three times. */
  async try(door: TextDoor, size: Case['size'], shape: TextShape): Promise<void> {
    const lengths = { small: KIB, large: 100 * KIB, longest: door.longest };
    const length = Math.floor(Math.min(lengths[size], door.longest));
    const of = `${door.name} with ${length} characters of ${shape.name}`;
    const { cpuMs, sent, written } = await this.#measured(door, shape.of(length));
    this.sums.texts++;
    this.sums.bytes += sent;
    if (cpuMs > this.sums.most.cpuMs) this.sums.most = { cpuMs, of };
    if (sent > FREE_BYTES && written / sent > this.sums.widest.times) this.sums.widest = { times: written / sent, of };
    if (written > MOST_TIMES * sent + FREE_BYTES) throw new Error(`${of}: ${sent} bytes made ${written}`);
    if (cpuMs <= FREE_MS) return;
    const key = `${door.name} ${length}`;
    const harmless = this.#harmless.get(key) ?? (await this.#measured(door, LETTERS.of(length))).cpuMs;
    this.#harmless.set(key, harmless);
    if (cpuMs > MOST * harmless + FREE_MS) throw new Error(`${of} takes ${cpuMs} ms, letters ${harmless} ms`);
  }

  /** Health checks are answered meanwhile. */
  async #measured(door: TextDoor, text: string): Promise<{ cpuMs: number; sent: number; written: number }> {
    const pid = this.relay.child.pid as number;
    const cpu = cpuOf(pid);
    const [log, hook] = this.#written();
    const sending = door.send(text);
    await this.#healthy();
    const { sent, answered } = await sending;
    await this.#healthy();
    await this.#quiet();
    if (this.relay.child.exitCode !== null) throw new Error(`the process ended with ${this.relay.child.exitCode}`);
    const [logged, hooked] = this.#written();
    return { cpuMs: cpuOf(pid) - cpu, sent, written: Math.max(logged - log, hooked - hook, answered) };
  }

  /** What comes after the answer, to log and hook, belongs to the same text: all of it, however late. */
  async #quiet(): Promise<void> {
    await sleep(LOOK_MS);
    while (!(await this.#isIdle())) await sleep(LOOK_MS);
    for (let before = ''; before !== this.#written().join(); await sleep(QUIET_MS)) before = this.#written().join();
  }

  async #isIdle(): Promise<boolean> {
    const metrics = await (await fetch(`${this.relay.url}/metrics`)).text();
    const left = metrics.match(/^martlet_(?:queue_depth|feedback_backlog|hub_pushes_under_way)\b.* (?!0$)\d+$/m);
    return left === null;
  }

  async #healthy(): Promise<void> {
    const { ok } = await fetch(`${this.relay.url}/healthz`);
    if (!ok) throw new Error('the relay is not healthy');
    this.sums.healthy++;
  }
}

/**
 * Sends texts of all shapes and sizes by every field and name of the HTTP API, of gRPC and of the settings of apps, to a relay with all
 * its platforms in sandbox mode, the hub and a hook. Rejects with the first that stalls it, makes it write more than three times what
 * came in, or leaves a line behind that tells of a failure inside.
 */
export async function fuzzTexts({ runs, seed, longest = 1 }: FuzzTextsOptions): Promise<FuzzedTexts> {
  const hook = await startHook();
  let hooked = 0;
  const grpc = await freePort();
  await using relay = await startRelay(
    {
      sandbox: { enabled: true },
      core: { sync: true, sync_timeout: 30, feedback_hook_url: hook.origin },
      grpc: { enabled: true, port: String(grpc) },
      apps: { path: 'apps.db' },
      hub: { enabled: true, path: 'hub.db' },
      log: { access_level: 'info', error_level: 'info' },
      // Nothing goes on after its answer.
      queue: { backoff: 0.01, max_age: 1 },
    },
    {},
    undefined,
    { env: { MARTLET_MASTER_KEY: randomBytes(32).toString('hex') } },
  );
  const attack = new Attack(relay, () => {
    hooked += hook.calls.splice(0).reduce((sum, { text }) => sum + text.length, 0);
    return hooked;
  });
  const document = (await relay.get('/openapi.json')) as unknown as OpenApiDocument;
  using grpcSide = grpcDoors(grpc, PLATFORMS);
  const doors = [...httpDoors(relay.url, document, PLATFORMS), ...grpcSide];
  const cases: fc.Arbitrary<Case> = fc.record({
    door: fc.nat(doors.length - 1),
    size: fc.oneof(
      { weight: 3, arbitrary: fc.constant('small' as const) },
      { weight: 7 - longest, arbitrary: fc.constant('large' as const) },
      { weight: longest, arbitrary: fc.constant('longest' as const) },
    ),
    shape: textShape,
  });
  try {
    await fc.assert(
      fc.asyncProperty(cases, ({ door, size, shape }) => attack.try(doors[door] as TextDoor, size, shape)),
      { numRuns: runs, seed, endOnFailure: true },
    );
  } finally {
    await hook.close();
  }
  const wrong = WRONG.exec(relay.output());
  if (wrong) throw new Error(relay.output().slice(wrong.index - 200, wrong.index + 500));
  return { doors: doors.length, ...attack.sums };
}
