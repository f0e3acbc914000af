import type { HookCall } from '../../feedback/hook-server.ts';
import type { SeenPush } from '../tenant-providers.ts';
import { type Apps, credentialOf, MAIN, type Platform, projectOf, topicOf, type Wish } from './model.ts';

/** A push of a request that was taken, and what may become of it. */
interface Taken {
  readonly app: string;
  readonly platform: Platform;
  readonly request: number;
  readonly target: Wish['targets'][number];
  /** Whose credentials it may carry, and which APNs topics: those of its app since it was accepted. */
  readonly owners: Set<string>;
  readonly topics: Set<string>;
  /** At some time since then its app could not send it, so that it may have failed instead. */
  disturbed: boolean;
  /** At some time since then nobody wanted to hear of it. */
  unheard: boolean;
}

/** Remembers what each token was for, and finds what went where it should not. */
export class Ledger {
  readonly violations: string[] = [];
  readonly #taken = new Map<string, Taken>();
  /** Tokens of refused requests, which nobody may ever see. */
  readonly #refused = new Set<string>();

  take(token: string, push: Pick<Taken, 'app' | 'platform' | 'request' | 'target'>, wish: Wish, apps: Apps): void {
    const taken = { ...push, owners: new Set<string>(), topics: new Set<string>(), disturbed: false, unheard: false };
    if (wish.platform === 'ios' && wish.by === 'topic') taken.topics.add(topicOf(wish.tenant));
    this.#taken.set(token, taken);
    this.#allow(taken, apps, taken.topics.size > 0);
  }

  refuse(token: string): void {
    this.#refused.add(token);
  }

  /** An app has other settings from now on; pushes that wait may go out with either. */
  changed(app: string, apps: Apps): void {
    for (const taken of this.#taken.values()) if (taken.app === app) this.#allow(taken, apps, false);
  }

  sent({ provider, by, token, topic, project }: SeenPush): void {
    const taken = this.#of(token, provider);
    if (!taken) return;
    const where = `${token} of ${taken.app} on ${provider}`;
    if (by === undefined || !taken.owners.has(by)) this.#broken(`${where} carried the credential of ${by}`);
    if (provider === 'apns' && !taken.topics.has(topic ?? '')) this.#broken(`${where} had the topic ${topic}`);
    if (provider === 'fcm' && by && project !== projectOf(by)) this.#broken(`${where} went to ${project}`);
    if (provider === 'hms' && by && project !== `id-${by}`) this.#broken(`${where} went to ${project}`);
  }

  told(call: HookCall): void {
    const taken = this.#of(call.body.token, 'a hook');
    if (!taken) return;
    const { app = MAIN } = call.body;
    if (call.path !== `/${taken.app}` || app !== taken.app)
      this.#broken(`${call.body.token} of ${taken.app} was told to ${call.path} as of ${app}`);
  }

  /** The failed pushes in the answer to a request. */
  answered(request: number, logs: readonly { readonly token: string; readonly app?: string }[]): void {
    for (const { token, app = MAIN } of logs) {
      const taken = this.#of(token, 'an answer');
      if (taken && (taken.request !== request || taken.app !== app))
        this.#broken(`${token} of ${taken.app} is in the answer to request ${request}, as of ${app}`);
    }
  }

  /** What was accepted reaches its provider, and failures their hooks, unless its app was changed under it. */
  complete(seen: readonly SeenPush[], calls: readonly HookCall[]): void {
    const sent = new Set(seen.map(({ token }) => token));
    const heard = new Set(calls.map(({ body }) => body.token));
    for (const [token, { app, target, disturbed, unheard }] of this.#taken) {
      if (disturbed) continue;
      if (!sent.has(token)) this.#broken(`${token} of ${app} was never sent`);
      if (target === 'dead' && !unheard && !heard.has(token)) this.#broken(`${token} of ${app} was never told of`);
    }
  }

  broken(what: string): void {
    this.#broken(what);
  }

  #of(token: string, where: string): Taken | undefined {
    const taken = this.#taken.get(token);
    if (!taken)
      this.#broken(`${where} saw ${token}, ${this.#refused.has(token) ? 'which was refused' : 'whoever sent it'}`);
    return taken;
  }

  #allow(taken: Taken, apps: Apps, hasTopic: boolean): void {
    const { app, platform, owners, topics } = taken;
    const owner = credentialOf(apps, app, platform);
    if (owner === undefined) taken.disturbed = true;
    else owners.add(owner);
    const shape = apps.get(app);
    if (app !== MAIN && !shape?.hasHook) taken.unheard = true;
    if (!hasTopic) topics.add(shape?.hasTopic ? topicOf(app) : '');
  }

  #broken(what: string): void {
    this.violations.push(what);
  }
}
