import { createHash } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { addPerson } from '../../hub/add-person.ts';
import { type SandboxedRelay, startSandboxedRelay } from '../openapi/sandboxed-relay.ts';

const sha256 = (key: string): string => createHash('sha256').update(key).digest('hex');

const KEYS = {
  boss: { sha256: sha256('boss'), scopes: ['admin'] },
  acme: { sha256: sha256('acme'), scopes: ['users', 'push', 'admin'], apps: ['acme'] },
  globex: { sha256: sha256('globex'), scopes: ['users', 'push', 'admin'], apps: ['globex'] },
  reader: { sha256: sha256('reader'), scopes: ['read'] },
};

export interface Told {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: what it holds is what the test is about
  readonly body: any;
  readonly text: string;
}

export interface SeedRelay extends SandboxedRelay {
  /** @param line method and path. @param key a name of a key, or a token; empty: none */
  ask(line: string, key: string, body?: unknown): Promise<Told>;
  /** A token of a person. */
  tokenOf(user: string, app?: string): Promise<string>;
}

/** The relay of `npm start` with keys: `boss` for all apps, `acme` and `globex` for theirs, `reader`. */
export async function startSeedRelay(overlay: { [section: string]: object } = {}): Promise<SeedRelay> {
  const relay = await openSeedRelay(overlay);
  onTestFinished(() => relay[Symbol.asyncDispose]());
  return relay;
}

/** The same for several tests, to be disposed of by them. */
export async function openSeedRelay(overlay: { [section: string]: object } = {}): Promise<SeedRelay> {
  const { hub, ...rest } = overlay;
  const relay = await startSandboxedRelay(
    {
      auth: { keys: KEYS },
      hub: { enabled: true, path: '', ...hub },
      core: { sync_timeout: 20 },
      ios: { topic: 'com.example.app' },
      ...rest,
    },
    { 'x-api-key': 'boss' },
  );
  const ask: SeedRelay['ask'] = async (line, key, body) => {
    const [method, path] = line.split(' ') as [string, string];
    const headers: Record<string, string> = key === '' ? {} : { Authorization: `Bearer ${key}` };
    const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
    const response = await fetch(relay.url + path, { method, headers, ...sent });
    const text = await response.text();
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      parsed = text;
    }
    return { status: response.status, body: parsed, text };
  };
  return {
    ...relay,
    ask,
    async tokenOf(user, app = 'default') {
      await addPerson(relay.hub?.store, app, user);
      const path = `POST /v1/users/${encodeURIComponent(user)}/tokens?app=${app}`;
      return (await ask(path, 'boss')).body.token;
    },
  };
}

/** 64 hexadecimal digits. */
export const apnsToken = (n: number): string => n.toString(16).padStart(64, '0');
