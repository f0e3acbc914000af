import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench } from './bench.ts';
import { type CaseRequest, type CorpusCase, type Fields, isFields, type Tree } from './corpus-case.ts';
import { pushLines } from './observe-output.ts';
import { observeResponse } from './observe-response.ts';
import { isSignIn, observeHook, observePush, observeSignIn, summarize } from './observe-upstream.ts';
import type { RelayUnderTest } from './relay-under-test.ts';
import { ask } from './request.ts';
import { scrubber } from './scrub.ts';
import type { Workplace } from './workplace.ts';

/** A relay that serves, and where. */
export interface Serving {
  readonly relay: RelayUnderTest;
  readonly place: Workplace;
}

const COUNTS = [
  'total_count',
  'ios.push_success',
  'ios.push_error',
  'android.push_success',
  'android.push_error',
  'huawei.push_success',
  'huawei.push_error',
];
const TASKS = ['success_tasks', 'failure_tasks', 'submitted_tasks'];
const SYNC_QUIET_MS = 30;
const ASYNC_QUIET_MS = 250;
const LOOK_MS = 5;
/** How long a relay may stay busy before it is looked at all the same. */
const PATIENCE_MS = 30_000;

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const section = (config: Fields, name: string): Fields => (isFields(config[name]) ? config[name] : {});

const at = (tree: Tree, path: string): Tree =>
  path.split('.').reduce<Tree>((inner, key) => (isFields(inner) ? inner[key] : undefined), tree);

/** The counters of /api/stat/app; undefined where they cannot be read. */
async function readCounts({ place }: Serving, one: CorpusCase): Promise<Record<string, number> | undefined> {
  const path = String(section(place.config, 'api').stat_app_uri ?? '/api/stat/app');
  const reply = await ask(place.port, { path, timeoutMs: 2000, ...(one.scheme ? { scheme: one.scheme } : {}) });
  if (!('status' in reply) || reply.status !== 200) return undefined;
  const body: Tree = JSON.parse(reply.text);
  const names = one.collect?.includes('tasks') ? [...COUNTS, ...TASKS] : COUNTS;
  return Object.fromEntries(names.map((name) => [name, Number(at(body, name))]));
}

async function askAll({ place }: Serving, one: CorpusCase): Promise<Fields[]> {
  const observe = async (request: CaseRequest) => {
    const addressed = one.scheme ? { scheme: one.scheme, ...request } : request;
    return observeResponse(await ask(place.port, addressed), request);
  };
  const requests = one.requests ?? [];
  if (one.parallel) return Promise.all(requests.map(observe));
  const responses: Fields[] = [];
  for (const request of requests) {
    responses.push(await observe(request));
    if (request.thenMs) await pause(request.thenMs);
  }
  return responses;
}

/** Waits until the relay has nothing more to do, or, where it cannot be asked, until nobody has heard of it for a while. */
async function settle({ providers }: Bench, { relay, place }: Serving, one: CorpusCase): Promise<void> {
  const heard = () => providers.requests.length + providers.hookRequests.length;
  const quietMs = one.settleMs ?? (section(place.config, 'core').sync ? SYNC_QUIET_MS : ASYNC_QUIET_MS);
  const until = performance.now() + PATIENCE_MS;
  // Looks, not time: on a busy machine a look may come late, and the relay in this process has done nothing meanwhile.
  let [last, looks] = [heard(), 0];
  while (performance.now() < until && !relay.idle()) {
    if (looks * LOOK_MS >= quietMs) return;
    await pause(LOOK_MS);
    looks++;
    const now = heard();
    if (now !== last) [last, looks] = [now, 0];
  }
}

/** What reached the providers and the hook. */
export function observeTraffic({ providers }: Bench, one: CorpusCase): Fields {
  const pushes = providers.requests.filter((request) => !isSignIn(request));
  const signIns = providers.requests.filter(isSignIn);
  return {
    ...(one.collect?.includes('upstreamSummary')
      ? { upstreamSummary: summarize(pushes) }
      : { upstream: pushes.map(observePush) }),
    ...(one.fresh ? { auth: signIns.map(observeSignIn) } : {}),
    ...(one.collect?.includes('authCount') ? { authCount: signIns.length } : {}),
    feedback: providers.hookRequests.map(observeHook),
  };
}

function readIfThere(path: string): string | null {
  try {
    const text = readFileSync(path, 'utf8');
    return /^\d+$/.test(text) ? '<int>' : text;
  } catch {
    return null;
  }
}

function observeStat(before: Record<string, number> | undefined, after: Record<string, number> | undefined): Fields {
  if (!before || !after) return {};
  return {
    stat: Object.fromEntries(Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)])),
  };
}

/** Runs a case against a relay that serves. `afterAnswers` comes right after the last answer. */
export async function runServingCase(
  bench: Bench,
  serving: Serving,
  one: CorpusCase,
  afterAnswers: () => Promise<Fields> = async () => ({}),
): Promise<Fields> {
  const { relay, place } = serving;
  const { stdout, stderr } = relay.output;
  const before = await readCounts(serving, one);
  const responses = await askAll(serving, one);
  const ending = await afterAnswers();
  await settle(bench, serving, one);
  const stat = one.noStat || 'exit' in ending ? {} : observeStat(before, await readCounts(serving, one));
  if (one.collect?.includes('log')) await pause(20);
  const written = {
    stdout: relay.output.stdout.slice(stdout.length),
    stderr: relay.output.stderr.slice(stderr.length),
  };
  const files = (one.readFiles ?? []).map((name) => [name, readIfThere(join(place.dir, name))]);
  const seen: Fields = {
    responses,
    ...observeTraffic(bench, one),
    ...stat,
    ...(one.collect?.includes('log') ? { log: pushLines(written) } : {}),
    ...(files.length > 0 ? { files: Object.fromEntries(files) } : {}),
    ...ending,
  };
  return scrubber(bench, place)(seen) as Fields;
}
