import { openBench } from '../contract/bench.ts';
import type { Fields } from '../contract/corpus-case.ts';
import { ask } from '../contract/request.ts';
import type { RuleScript } from '../contract/rules.ts';
import type { ProviderRequest } from '../contract/scripted-providers.ts';
import { startInProcess } from '../contract/start-in-process.ts';
import { makeWorkplace } from '../contract/workplace.ts';

/** A whole relay in this process, before providers that answer by script. */
export interface ScriptedRelay extends AsyncDisposable {
  readonly port: number;
  /** What reached the providers since the last script. */
  readonly requests: readonly ProviderRequest[];
  /** Everything that was written to stdout and stderr. */
  output(): string;
  script(rules?: RuleScript): void;
  /** Posts notifications; the entries of `logs`. */
  push(...notifications: object[]): Promise<Fields[]>;
}

const base: Fields = {
  core: { address: '127.0.0.1', port: '{port}', sync: true, sync_timeout: 20 },
  ios: { enabled: true, key_path: '{creds}/AuthKey_TEST.p8', key_id: 'ABC123DEFG', team_id: 'DEF123GHIJ' },
  android: { enabled: true, key_path: '{creds}/fcm.json' },
  huawei: { enabled: true, appid: '123', appsecret: 'secret' },
};

/** @param config laid over one that has all three platforms on, in sync mode. */
export async function startScriptedRelay(config: Fields = {}): Promise<ScriptedRelay> {
  const bench = await openBench();
  const place = await makeWorkplace(bench, { name: 'scripted', config, recorded: {} }, base);
  const relay = await startInProcess(place);
  if ('code' in relay) {
    await bench.close();
    throw new Error(`the relay did not start: ${relay.output.stderr}`);
  }
  return {
    port: place.port,
    requests: bench.providers.requests,
    output: () => relay.output.stdout + relay.output.stderr,
    script: (rules) => bench.providers.script(rules),
    async push(...notifications) {
      const reply = await ask(place.port, { method: 'POST', path: '/api/push', body: { notifications } });
      if (!('status' in reply) || reply.status !== 200) throw new Error(JSON.stringify(reply));
      return JSON.parse(reply.text).logs;
    },
    async [Symbol.asyncDispose]() {
      await relay.close();
      await bench.close();
    },
  };
}
