import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../../../src/host/config/load.ts';
import { Rotation } from '../../../src/host/rotation.ts';
import { type RunningServer, startServer } from '../../../src/host/server.ts';
import { createLog, type Log } from '../../../src/observe/log/log.ts';
import type { HookCall } from '../../feedback/hook-server.ts';
import type { FullConfig as Config } from '../../support/config.ts';
import type { Tenant, TenantProviders } from '../tenant-providers.ts';
import { type AppShape, MAIN, settingsOf } from './model.ts';
import { FILE_APPS, TENANTS } from './steps.ts';

const MASTER_KEY = createHash('sha256').update('isolation').digest('base64');
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Key of the caller who may do everything; the key of an app is its name. */
export const ADMIN = 'everything';

export interface TenantRelayOptions {
  readonly providers: TenantProviders;
  readonly tenants: ReadonlyMap<string, Tenant>;
  readonly hook: { readonly origin: string; readonly calls: readonly HookCall[] };
  readonly sync: boolean;
  readonly cache: number;
}

type Part = Record<string, unknown>;

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any;
}

/** A relay with the apps of a story, in a folder of its own: it can end and begin again. */
export class TenantRelay {
  readonly #options: TenantRelayOptions;
  readonly #folder = mkdtempSync(join(tmpdir(), 'martlet-isolation-'));
  readonly #fileApps = new Map<string, AppShape>();
  readonly #audit: string[] = [];
  #log: Log | undefined;
  #server: RunningServer | undefined;
  #rotation: Rotation | undefined;

  constructor(options: TenantRelayOptions) {
    this.#options = options;
    writeFileSync(join(this.#folder, 'ca.pem'), options.providers.ca);
  }

  get #running(): RunningServer {
    return this.#server as RunningServer;
  }

  /** Records of the audit log, of all processes. */
  audit(): { readonly apps?: Record<string, number>; readonly who?: string; readonly action: string }[] {
    this.#log?.flush();
    return this.#audit
      .join('')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  }

  async start(): Promise<void> {
    this.#write();
    const config = this.#load();
    const audit = { write: (text: string) => this.#audit.push(text) };
    const log = createLog(config.log, { stdout: audit, stderr: { write: () => true } });
    this.#log = log;
    this.#server = await startServer({ config, version: '0', log, masterKey: MASTER_KEY });
    // What the queue file held is read in the turn after this one.
    await sleep(10);
    const { apps, lanes } = this.#server.relay;
    this.#rotation = new Rotation({
      config,
      load: () => this.#load(),
      file: undefined,
      env: {},
      apps,
      lanes,
      log,
    });
  }

  async stop(): Promise<void> {
    this.#rotation?.close();
    await this.#server?.close();
    this.#log?.close();
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async ask(method: string, path: string, key: string, body?: unknown): Promise<Answer> {
    const response = await fetch(this.#running.url + path, {
      method,
      headers: { Authorization: `Bearer ${key}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  }

  /** @throws when the app cannot be made so. */
  async set(app: string, shape: AppShape): Promise<void> {
    if (this.#isFileApp(app)) {
      this.#fileApps.set(app, shape);
      this.#reload();
      return;
    }
    const { status, body } = await this.ask('PUT', `/v1/apps/${app}`, ADMIN, this.#settings(app, shape));
    if (status >= 300) throw new Error(`PUT ${app}: ${status} ${JSON.stringify(body)}`);
  }

  async remove(app: string): Promise<void> {
    if (!this.#isFileApp(app)) await this.ask('DELETE', `/v1/apps/${app}`, ADMIN);
    else if (this.#fileApps.delete(app)) this.#reload();
  }

  /** Waits until every push has its outcome, and every hook has heard of it. */
  async settled(): Promise<void> {
    const { relay } = this.#running;
    const until = performance.now() + 20_000;
    const open = () => [relay.queue.depth().notifications, relay.hook.stats().backlog];
    while (open().some((count) => count > 0)) {
      if (performance.now() > until) throw new Error(`pushes and reports that never end: ${open()}`);
      await sleep(5);
    }
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  #isFileApp(app: string): boolean {
    return (FILE_APPS as readonly string[]).includes(app);
  }

  #settings(app: string, shape: AppShape): Part {
    const { tenants, hook } = this.#options;
    return settingsOf(tenants.get(app) as Tenant, shape, `${hook.origin}/${app}`) as Part;
  }

  #reload(): void {
    this.#write();
    this.#rotation?.reload();
  }

  #load(): Config {
    const { config } = loadConfig({ path: this.#path('config.yml'), env: {}, cwd: this.#folder, cpus: 2 });
    return { ...config, core: { ...config.core, port: '0' } };
  }

  #write(): void {
    const { providers, tenants, hook, sync, cache } = this.#options;
    const { origin } = providers;
    const own = (tenants.get(MAIN) as Tenant).settings;
    const apps = [...this.#fileApps].map(([name, shape]) => {
      const { webhook, ...rest } = this.#settings(name, shape);
      return [name, webhook ? { ...rest, webhook: { ...webhook, allow_private: true } } : rest];
    });
    const keys = TENANTS.map((name) => [name, { sha256: sha256(name), scopes: ['push', 'read'], apps: [name] }]);
    const common = { enabled: true, max_retry: 1000 };
    const sections = {
      core: {
        address: '127.0.0.1',
        sync,
        sync_timeout: 0.3,
        shutdown_timeout: 0.05,
        ca_path: this.#path('ca.pem'),
        feedback_hook_url: `${hook.origin}/${MAIN}`,
      },
      queue: { backoff: 0.05, backoff_max: 0.1, local: { path: this.#path('queue.db') } },
      log: { access_log: 'stderr', access_level: 'panic', error_level: 'panic', audit: 'stdout' },
      history: { path: this.#path('history.db') },
      auth: { keys: { ...Object.fromEntries(keys), admin: { sha256: sha256(ADMIN), scopes: ['admin'] } } },
      ios: { ...own.ios, ...common, production: true, endpoint: origin, sandbox_endpoint: origin },
      android: { ...own.android, ...common, endpoint: origin },
      huawei: { ...own.huawei, ...common, endpoint: origin, auth_endpoint: origin },
      apps: { cache, path: this.#path('apps.db'), allow_private_hooks: true, ...Object.fromEntries(apps) },
    };
    writeFileSync(this.#path('config.yml'), JSON.stringify(sections));
  }
}
