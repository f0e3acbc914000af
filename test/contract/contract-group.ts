import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './bench.ts';
import { compare } from './compare.ts';
import { type CorpusCase, type Fields, needsProcess, readGroup } from './corpus-case.ts';
import { messages } from './observe-output.ts';
import { scrubber } from './scrub.ts';
import { runServingCase, type Serving } from './serving-case.ts';
import { startInProcess } from './start-in-process.ts';
import { makeWorkplace } from './workplace.ts';

/** Cases with equal configuration and environment share a server; a fresh case has its own. */
const serverKey = ({ fresh, config, configRaw, files, env, scheme }: CorpusCase): string | undefined =>
  fresh ? undefined : JSON.stringify([config, configRaw, files, env, scheme]);

/** Cases of one server follow each other. */
function ordered(cases: readonly CorpusCase[]): readonly CorpusCase[] {
  const byServer = new Map<string | undefined, CorpusCase[]>();
  for (const one of cases) byServer.set(serverKey(one), [...(byServer.get(serverKey(one)) ?? []), one]);
  return [...byServer.values()].flat();
}

/** Holds the relay, in process, to all cases of a group that need no process of their own. */
export function contractGroup(name: string): void {
  const { base, cases } = readGroup(name);
  let bench: Bench;
  let running: { key: string | undefined; serving: Serving } | undefined;

  const stop = async () => {
    await running?.serving.relay.close();
    running = undefined;
  };
  beforeAll(async () => {
    bench = await openBench();
  });
  afterAll(async () => {
    await stop();
    await bench.close();
  });

  /** The server that the case wants, or what there is to see of one that refused to start. */
  const serve = async (one: CorpusCase): Promise<Serving | Fields> => {
    const key = serverKey(one);
    const shared = running && key !== undefined && running.key === key ? running.serving : undefined;
    // Without a script everything is taken at once: the server before ends soon.
    bench.providers.script();
    if (!shared) await stop();
    bench.providers.script(one.providers, one.hook);
    if (shared) return shared;
    const place = await makeWorkplace(bench, one, base);
    const relay = await startInProcess(place);
    if ('code' in relay) {
      const exit = { code: relay.code, messages: messages(relay.output) };
      return scrubber(bench, place)({ notReady: true, exit }) as Fields;
    }
    running = { key, serving: { relay, place } };
    return running.serving;
  };

  describe(`${name}: as Gorush, or better`, () => {
    for (const one of ordered(cases.filter((candidate) => !needsProcess(candidate)))) {
      test(one.name, async () => {
        const serving = await serve(one);
        const seen = 'relay' in serving ? await runServingCase(bench, serving as Serving, one) : (serving as Fields);
        expect(compare(one, seen), one.why).toEqual([]);
      });
    }
  });
}
