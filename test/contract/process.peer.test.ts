import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './bench.ts';
import { compare } from './compare.ts';
import {
  type CorpusCase,
  type Fields,
  groupNames,
  isFields,
  needsProcess,
  readGroup,
  type Tree,
} from './corpus-case.ts';
import { messages, pushLines } from './observe-output.ts';
import { observeResponse } from './observe-response.ts';
import { ask } from './request.ts';
import { scrubber } from './scrub.ts';
import { observeTraffic, pause, runServingCase } from './serving-case.ts';
import { type RelayProcess, startProcess } from './start-process.ts';
import { makeWorkplace, type Workplace } from './workplace.ts';

/** How long a process may take to start or to end; the longest that a case asks for is 12 s. */
const PATIENCE_MS = 15_000;

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

/** Whether it answers its health check before it ends. */
async function becomesReady(
  relay: RelayProcess,
  port: number,
  scheme: 'https' | undefined,
  path = '/healthz',
): Promise<boolean> {
  const until = performance.now() + PATIENCE_MS;
  while (performance.now() < until && relay.exitCode === undefined) {
    const reply = await ask(port, { path, timeoutMs: 2000, ...(scheme ? { scheme } : {}) });
    if ('status' in reply && reply.status === 200) return true;
    await pause(15);
  }
  return false;
}

const exitOf = ({ exitCode, output }: RelayProcess): Fields =>
  exitCode === undefined ? { code: 'still running', messages: [] } : { code: exitCode, messages: messages(output) };

/** A process that is expected to end by itself. */
async function runToItsEnd(relay: RelayProcess): Promise<Fields> {
  await relay.ended(PATIENCE_MS);
  return { exit: exitOf(relay) };
}

/** A command: it ends, or, where the case has requests, it serves them. */
async function runCommand(relay: RelayProcess, place: Workplace, one: CorpusCase): Promise<Fields> {
  const [first] = one.requests ?? [];
  const portOf = (port2: boolean | undefined) => (port2 ? place.port2 : place.port);
  if (first) await becomesReady(relay, portOf(first.port2), first.scheme);
  else await relay.ended(PATIENCE_MS);
  const responses: Fields[] = [];
  for (const request of one.requests ?? []) {
    responses.push(observeResponse(await ask(portOf(request.port2), request), request));
  }
  return {
    ...observeTraffic(bench, one),
    ...(first ? { responses } : {}),
    exit: { ...exitOf(relay), stdout: relay.output.stdout },
    ...(one.collect?.includes('log') ? { log: pushLines(relay.output) } : {}),
  };
}

/** A server that is asked, and then perhaps told to stop. */
async function runServer(relay: RelayProcess, place: Workplace, one: CorpusCase): Promise<Fields> {
  const { api } = place.config;
  const health = isFields(api) && typeof api.health_uri === 'string' ? api.health_uri : undefined;
  if (!(await becomesReady(relay, place.port, one.scheme, health))) return { notReady: true, exit: exitOf(relay) };
  return runServingCase(bench, { relay, place }, one, async () => {
    if (!one.signal) return {};
    relay.signal(one.signal);
    await relay.ended(one.exitMs ?? PATIENCE_MS);
    return { exit: { ...exitOf(relay), messages: [] } };
  });
}

async function run(one: CorpusCase, base: Fields): Promise<Fields> {
  bench.providers.script(one.providers, one.hook);
  const place = await makeWorkplace(bench, one, base);
  const relay = startProcess(place, (one.argv ?? ['-c', '{config}']).map(place.fill));
  try {
    const seen: Tree = one.argv
      ? await runCommand(relay, place, one)
      : one.expectExit
        ? await runToItsEnd(relay)
        : await runServer(relay, place, one);
    return scrubber(bench, place)(seen) as Fields;
  } finally {
    await relay.close();
  }
}

const withProcesses = groupNames.filter((name) => readGroup(name).cases.some(needsProcess));

describe.each(withProcesses)('%s, as a process of its own', (name) => {
  const { base, cases } = readGroup(name);
  for (const one of cases.filter(needsProcess)) {
    test(one.name, async () => {
      expect(compare(one, await run(one, base)), one.why).toEqual([]);
    });
  }
});
