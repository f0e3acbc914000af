import type { Router } from 'express';
import { sandboxRoutes } from '../api/sandbox-routes.ts';
import { closedAtApi, closedBecause } from '../auth/admin-access.ts';
import { isConfigured } from '../auth/auth.ts';
import type { Log } from '../observe/log/log.ts';
import { builtIn, type FullConfig, type ProviderTable } from '../providers/registry.ts';
import { withSections } from '../providers/sections.ts';
import { type Sandbox, startSandbox } from '../providers/start-sandbox.ts';
import { apart } from './apart.ts';

/** A configuration whose platforms send to simulated providers, and what else the server needs. */
export interface SandboxMode {
  readonly config: FullConfig;
  /** The same for another configuration, when it is read again. */
  over(config: FullConfig): FullConfig;
  readonly parts: { readonly extraCa: readonly string[]; readonly routers: readonly Router[] };
  /** Prints commands that can be pasted into another terminal. @param person of the hub, who has devices; undefined: there is none */
  greet(url: string, person?: string): void;
  close(): Promise<void>;
}

const TOKEN = 'a1b2c3d4'.repeat(8);
const TOPIC = 'com.example.app';

/** The certificate of a server that one tries out is rarely one that curl trusts. */
const curl = ({ core }: FullConfig): string => (core.ssl ? 'curl -k' : 'curl');

function pasteLine(url: string, config: FullConfig): string {
  const body = {
    notifications: [{ platform: 1, tokens: [TOKEN], topic: TOPIC, title: 'Hello', message: 'from Martlet' }],
  };
  return `${curl(config)} ${url}${config.api.push_uri} -H 'content-type: application/json' -d '${JSON.stringify(body)}'`;
}

/** The sections of all providers lead to the simulated ones, with credentials that those take. */
function simulated(config: FullConfig, { providers }: Sandbox): FullConfig {
  const sections = config as unknown as Readonly<Record<string, object>>;
  const laid = [...providers].map(([platform, { settings, usual = {} }]) => {
    const given = Object.entries(sections[platform] as object).filter(([, value]) => value !== '');
    return [platform, { ...sections[platform], ...usual, ...Object.fromEntries(given), ...settings }];
  });
  // Simulated providers are in this process: no proxy leads there.
  const core = { ...config.core, http_proxy: '' };
  return { ...withSections(config, Object.fromEntries(laid)), core, ...apart(config) };
}

/** Sends to a person, and shows what was decided for each device. */
function personLine(url: string, config: FullConfig, person: string): string {
  const path = `${url}/v1/notifications`;
  const body = { id: 'hello-1', to: { users: [person] }, title: 'Hello', message: 'from the hub' };
  const send = `${curl(config)} ${path} -H 'content-type: application/json' -d '${JSON.stringify(body)}'`;
  return `${send} && sleep 1 && ${curl(config)} ${path}/${body.id}`;
}

/** Where the hub can be asked without a key. */
const personText = (url: string, config: FullConfig, person: string | undefined): string =>
  person === undefined || isConfigured(config.auth) || closedAtApi(config, 'the hub is')
    ? ''
    : `\nor send to a person, ${person}, who has three phones, and see what was decided for each:\n\n  ${personLine(url, config, person)}\n`;

/** Told where it can be opened at this address. */
const lookLine = (url: string, config: FullConfig): string =>
  closedBecause(config, 'the console is') || config.core.admin_address !== ''
    ? ''
    : `\nor watch it in a browser:\n\n  ${url}/console\n`;

/** Starts the sandbox when `sandbox.enabled` asks for it; undefined otherwise. Real endpoints and credentials are not used then. */
export async function openSandbox(
  config: FullConfig,
  log: Log,
  table: ProviderTable = builtIn,
): Promise<SandboxMode | undefined> {
  if (!config.sandbox.enabled) return undefined;
  const sandbox = await startSandbox({ providers: table });
  log.warn(
    'SANDBOX: every push goes to simulated providers inside this process; set sandbox.enabled: false to send for real',
  );
  return {
    config: simulated(config, sandbox),
    over: (other) => simulated(other, sandbox),
    parts: { extraCa: [sandbox.ca], routers: [sandboxRoutes(sandbox)] },
    greet(url, person) {
      // To the terminal and not to the log: this is for the person who typed `npm start`.
      console.log(
        `\nTry it:\n\n  ${pasteLine(url, config)}\n\nand see what the device got:\n\n  ${curl(config)} ${url}/sandbox/deliveries\n${personText(url, config, person)}${lookLine(url, config)}`,
      );
    },
    close: () => sandbox.close(),
  };
}
