import { join } from 'node:path';
import { type RunningRelay, startRelay } from '../../e2e/running-relay.ts';
import { type MartletRun, runMartlet } from '../run-martlet.ts';

export interface HubRelay extends AsyncDisposable {
  readonly relay: RunningRelay;
  /** @returns the answer's JSON. @throws Error unless it is 2xx */
  // biome-ignore lint/suspicious/noExplicitAny: what it holds is what the test is about
  ask(line: string, body?: unknown): Promise<any>;
  /** `martlet …` with the configuration of the relay. */
  run(args: readonly string[], stdin?: string): Promise<MartletRun>;
}

/** A relay with its hub as a process, and the commands that ask it. @param overlay of its configuration */
export async function startHubRelay(overlay: { [section: string]: object } = {}): Promise<HubRelay> {
  const { hub, ...rest } = overlay;
  const relay = await startRelay({ hub: { enabled: true, ...hub }, ...rest });
  return {
    relay,
    async ask(line, body) {
      const [method = '', path = ''] = line.split(' ');
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      const response = await fetch(relay.url + path, { method, ...sent });
      const text = await response.text();
      if (!response.ok) throw new Error(`${line}: ${response.status} ${text}`);
      return text === '' ? undefined : JSON.parse(text);
    },
    run: (args, stdin) =>
      runMartlet(['-c', join(relay.folder, 'config.yml'), ...args], {
        cwd: relay.folder,
        ...(stdin === undefined ? {} : { stdin }),
      }),
    [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose](),
  };
}
