import type { Router } from 'express';
import { sandboxRoutes } from '../../api/sandbox-routes.ts';
import type { Log } from '../../observe/log/log.ts';
import { builtIn, type FullConfig, type ProviderTable } from '../../providers/registry.ts';
import { withSections } from '../../providers/sections.ts';
import { type Sandbox, startSandbox } from '../../providers/start-sandbox.ts';
import { apart } from './apart.ts';
import { type Greeted, greeting } from './greeting.ts';

/** A configuration whose platforms send to simulated providers, and what else the server needs. */
export interface SandboxMode {
  readonly config: FullConfig;
  /** The same for another configuration, when it is read again. */
  over(config: FullConfig): FullConfig;
  readonly parts: { readonly extraCa: readonly string[]; readonly routers: readonly Router[] };
  /** Prints commands that can be pasted into another terminal. */
  greet(url: string, greeted: Greeted): void;
  close(): Promise<void>;
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
    // To the terminal and not to the log: this is for the person who typed `npm start`.
    greet: (url, greeted) => console.log(greeting(url, config, greeted)),
    close: () => sandbox.close(),
  };
}
