import { startHook } from '../../feedback/hook-server.ts';
import { startTenantProviders, type Tenant } from '../tenant-providers.ts';
import { Ledger } from './ledger.ts';
import { type AppShape, choose, MAIN, type Verdict, type Wish } from './model.ts';
import { type PushRequest, type Story, TENANTS } from './steps.ts';
import { ADMIN, type Answer, TenantRelay } from './tenant-relay.ts';

const GONE = { apns: { status: 410, body: { reason: 'Unregistered' } } } as const;
const DEAD = {
  ...GONE,
  fcm: {
    status: 404,
    body: { error: { code: 404, status: 'NOT_FOUND', message: 'gone', details: [{ errorCode: 'UNREGISTERED' }] } },
  },
  hms: { status: 200, body: { code: '80300007', msg: 'all tokens are invalid', requestId: '1' } },
} as const;
const BUSY = {
  apns: { status: 503, body: { reason: 'ServiceUnavailable' } },
  fcm: { status: 503, body: { error: { code: 503, status: 'UNAVAILABLE', message: 'later' } } },
  hms: { status: 503, body: {} },
} as const;
const BUSY_TIMES = 3;

const PLATFORM = { ios: 1, android: 2, huawei: 3 } as const;

/** The providers, tenants and hooks that stories are played with, one at a time. */
export async function openStage() {
  const tries = new Map<string, number>();
  /** Of held tokens, the process that brought them first. */
  const heldSince = new Map<string, number>();
  const processes = { count: 0, over: false };
  const providers = await startTenantProviders((provider, token) => {
    if (token.startsWith('dead')) return DEAD[provider];
    if (token.startsWith('held')) {
      const since = heldSince.get(token) ?? processes.count;
      heldSince.set(token, since);
      return since === processes.count && !processes.over ? BUSY[provider] : undefined;
    }
    const count = (tries.get(token) ?? 0) + 1;
    tries.set(token, count);
    return token.startsWith('slow') && count <= BUSY_TIMES ? BUSY[provider] : undefined;
  });
  const hook = await startHook();
  const tenants = new Map<string, Tenant>([MAIN, ...TENANTS].map((name) => [name, providers.tenant(name)]));
  return {
    /** @returns what went where it should not, in words */
    play: (story: Story): Promise<readonly string[]> => {
      tries.clear();
      heldSince.clear();
      processes.over = false;
      providers.seen.splice(0);
      hook.calls.splice(0);
      return new Play(story, { providers, hook, tenants, processes }).run();
    },
    async close(): Promise<void> {
      await hook.close();
      await providers.close();
    },
  };
}

type Stage = {
  readonly providers: Awaited<ReturnType<typeof startTenantProviders>>;
  readonly hook: Awaited<ReturnType<typeof startHook>>;
  readonly tenants: ReadonlyMap<string, Tenant>;
  /** What is held is let go when the count grows, or the story is over. */
  readonly processes: { count: number; over: boolean };
};

interface Asked {
  readonly who: string;
  readonly status: number;
  readonly id: string | undefined;
  /** Pushes by app. */
  readonly apps: Readonly<Record<string, number>>;
}

/** The last four characters of a token, which the history shows. */
const TAGS: Readonly<Record<string, string>> = { [MAIN]: 'main', ant: '-ant', bee: '-bee', cat: '-cat', dog: '-dog' };

class Play {
  readonly #story: Story;
  readonly #stage: Stage;
  readonly #relay: TenantRelay;
  readonly #ledger = new Ledger();
  readonly #apps = new Map<string, AppShape>();
  readonly #asked: Asked[] = [];
  #serial = 0;

  constructor(story: Story, stage: Stage) {
    const { sync, cache } = story;
    this.#story = story;
    this.#stage = stage;
    this.#relay = new TenantRelay({ ...stage, sync, cache });
  }

  async run(): Promise<readonly string[]> {
    try {
      await this.#relay.start();
      for (const [app, shape] of this.#story.begin) await this.#set(app, shape);
      for (const step of this.#story.steps) {
        if (step.kind === 'push') await Promise.all(step.requests.map((request) => this.#push(request)));
        if (step.kind === 'set') await this.#set(step.app, step.shape);
        if (step.kind === 'remove') await this.#remove(step.app);
        if (step.kind === 'restart') await this.#restart();
      }
      this.#stage.processes.over = true;
      await this.#relay.settled();
      const { providers, hook } = this.#stage;
      for (const push of providers.seen) this.#ledger.sent(push);
      for (const call of hook.calls) this.#ledger.told(call);
      this.#ledger.complete(providers.seen, hook.calls);
      await this.#checkHistory();
      this.#checkAudit();
      return this.#ledger.violations;
    } finally {
      await this.#relay.close();
    }
  }

  async #set(app: string, shape: AppShape): Promise<void> {
    await this.#relay.set(app, shape);
    this.#apps.set(app, shape);
    this.#ledger.changed(app, this.#apps);
  }

  async #remove(app: string): Promise<void> {
    await this.#relay.remove(app);
    this.#apps.delete(app);
    this.#ledger.changed(app, this.#apps);
  }

  async #restart(): Promise<void> {
    await this.#relay.stop();
    this.#stage.processes.count++;
    await this.#relay.start();
  }

  async #push({ bound, wishes }: PushRequest): Promise<void> {
    const verdicts = wishes.map((wish) => choose(this.#apps, wish, bound));
    const refused = verdicts.find((verdict) => 'status' in verdict);
    const request = this.#asked.length + this.#serial;
    const apps: Record<string, number> = {};
    const notifications = wishes.map((wish, index) => {
      const app = refused ? undefined : (verdicts[index] as { app: string }).app;
      if (app) apps[app] = (apps[app] ?? 0) + wish.targets.length;
      return this.#notification(wish, app, request);
    });
    const answer = await this.#relay.ask('POST', '/api/push', bound ?? ADMIN, { notifications });
    this.#judge(answer, request, refused);
    const { status, body } = answer;
    this.#asked.push({ who: bound ?? 'admin', status, id: body?.request_id, apps });
  }

  /** As JSON; each of its tokens is noted for the app that it is for. */
  #notification(wish: Wish, app: string | undefined, request: number): object {
    const { platform, by, tenant } = wish;
    const tokens = wish.targets.map((target) => {
      const token = `${target}${String(this.#serial++).padStart(24, '0')}${TAGS[app ?? ''] ?? 'none'}`;
      if (app) this.#ledger.take(token, { app, platform, request, target }, wish, this.#apps);
      else this.#ledger.refuse(token);
      return token;
    });
    return {
      platform: PLATFORM[platform],
      tokens,
      title: 't',
      message: 'm',
      ...(by === 'app' ? { app: tenant } : {}),
      ...(by === 'topic' && platform === 'ios' ? { topic: `com.example.${tenant}` } : {}),
      ...(by === 'project' ? { project_id: `project-${tenant}` } : {}),
    };
  }

  #judge({ status, body }: Answer, request: number, refused: Verdict | undefined): void {
    const expected = refused && 'status' in refused ? refused.status : 200;
    if (status !== expected) this.#ledger.broken(`answered ${status} ${JSON.stringify(body)}, not ${expected}`);
    if (status === 200) this.#ledger.answered(request, body.logs);
  }

  /** With the key of an app only what is about its own pushes is seen. */
  async #checkHistory(): Promise<void> {
    for (const app of TENANTS) {
      const list = await this.#relay.ask('GET', '/v1/pushes?limit=500', app);
      for (const push of list.body.pushes) this.#checkTargets(app, push.app, [push]);
      for (const { id, apps } of this.#asked) {
        if (id === undefined) continue;
        const { status, body } = await this.#relay.ask('GET', `/v1/pushes/${id}`, app);
        if (status === 404) {
          if (apps[app]) this.#ledger.broken(`the history of ${app} does not know ${id}`);
          continue;
        }
        if (!apps[app]) this.#ledger.broken(`the history shows ${id} to ${app}`);
        for (const push of body.pushes) {
          this.#checkTargets(app, push.app, push.events);
          if (push.targets !== undefined && push.targets !== apps[app])
            this.#ledger.broken(`the history of ${app} counts ${push.targets} targets in ${id}`);
          if (push.status === 'queued') this.#ledger.broken(`${id} waits for ever in the history of ${app}`);
        }
      }
    }
  }

  #checkTargets(app: string, shown: string, events: readonly { targets?: readonly { token: string }[] }[]): void {
    if (shown !== app) this.#ledger.broken(`${app} sees the history of ${shown}`);
    for (const { token } of events.flatMap(({ targets = [] }) => targets))
      if (!token.endsWith(TAGS[app] as string)) this.#ledger.broken(`${app} sees ${token} in the history`);
  }

  #checkAudit(): void {
    const told = this.#relay
      .audit()
      .filter(({ action }) => action === 'push')
      .map(({ who, apps }) => JSON.stringify([who, sorted(apps)]));
    const expected = this.#asked.map(({ who, apps, status }) =>
      JSON.stringify([who, sorted(status === 200 ? apps : undefined)]),
    );
    if (told.sort().join() !== expected.sort().join())
      this.#ledger.broken(`the audit log says ${told.join()} and not ${expected.join()}`);
  }
}

const sorted = (apps: Readonly<Record<string, number>> | undefined) => apps && Object.entries(apps).sort();
