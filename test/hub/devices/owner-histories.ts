import fc from 'fast-check';
import { expect } from 'vitest';
import { type Clock, change, type Directory, iosToken } from '../directory.ts';

/** One thing that happens to phones, people and tokens. Numbers are small, so that histories meet themselves again. */
type Step =
  | { readonly kind: 'in'; readonly device: number; readonly user: number; readonly token: number }
  | { readonly kind: 'post'; readonly user: number; readonly token: number }
  | { readonly kind: 'out'; readonly device: number }
  | { readonly kind: 'refresh'; readonly device: number; readonly token: number }
  | { readonly kind: 'remove'; readonly device: number }
  /** A push leaves to a device … */
  | { readonly kind: 'push'; readonly device: number }
  /** … and its provider calls the token dead later, with or without a time. */
  | { readonly kind: 'dead'; readonly push: number; readonly since: 'none' | 'before' | 'after' };

const device = fc.nat(3);
const user = fc.nat(2);
const token = fc.nat(3);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('in' as const), device, user, token }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('post' as const), user, token }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('out' as const), device }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('refresh' as const), device, token }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), device }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('push' as const), device }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('dead' as const),
      push: fc.nat(5),
      since: fc.constantFrom('none' as const, 'before' as const, 'after' as const),
    }),
  },
);

export const histories = fc.array(step, { minLength: 1, maxLength: 25 });

interface ModelDevice {
  owner: number | undefined;
  readonly token: number;
  /** When the token was last brought. */
  at: number;
  isDead: boolean;
}

interface Push {
  readonly id: string;
  readonly at: number;
  /** The row as it was: one with another token is another one, and so is one of the same id that was registered anew. */
  readonly of: ModelDevice;
  readonly rev: number;
}

/** What must be true, in forty lines: a token is in one row at most, and belongs to whom it was last registered for. */
class Model {
  readonly rows = new Map<string, ModelDevice>();

  register(id: string, owner: number | undefined, token: number, at: number): void {
    for (const [other, row] of this.rows) if (row.token === token && other !== id) this.rows.delete(other);
    const own = this.rows.get(id);
    if (own?.token === token) Object.assign(own, { owner, at, isDead: false });
    else this.rows.set(id, { owner, token, at, isDead: false });
  }

  holder(token: number): string | undefined {
    return [...this.rows].find(([, row]) => row.token === token)?.[0];
  }

  kill({ id, of, at }: Push, deadSince: number | undefined): void {
    const row = this.rows.get(id);
    if (row !== of || row.isDead) return;
    if (deadSince === undefined ? row.at <= at : deadSince > row.at) row.isDead = true;
  }
}

/** Plays a history in an app of its own, and compares after each step. */
export async function play(hub: Directory, app: string, steps: readonly Step[]): Promise<void> {
  const { devices } = hub;
  const clock = hub.clock as Clock;
  const model = new Model();
  const pushes: Push[] = [];
  const own = { ...change, app };
  for (const each of steps) {
    clock.pass(10);
    const body = (owner: number | undefined, number: number) => ({
      platform: 'ios',
      token: iosToken(number),
      user: owner === undefined ? null : `u${owner}`,
    });
    const id = `d${'device' in each ? each.device : 0}`;
    const row = model.rows.get(id);
    if (each.kind === 'in') {
      await devices.put(own, id, body(each.user, each.token));
      model.register(id, each.user, each.token, clock.ms);
    } else if (each.kind === 'post') {
      const { device } = await devices.post(own, body(each.user, each.token));
      const holder = model.holder(each.token);
      if (holder !== undefined) expect(device.id).toBe(holder);
      model.register(device.id, each.user, each.token, clock.ms);
    } else if (each.kind === 'out' && row) {
      await devices.patch(own, id, { user: null });
      row.owner = undefined;
    } else if (each.kind === 'refresh' && row) {
      await devices.put(own, id, body(row.owner, each.token));
      model.register(id, row.owner, each.token, clock.ms);
    } else if (each.kind === 'remove') {
      expect(await devices.delete(own, id)).toBe(row !== undefined);
      model.rows.delete(id);
    } else if (each.kind === 'push' && row) {
      const rev = (await devices.byIds(app, [id])).get(id)?.token_rev as number;
      pushes.push({ id, at: clock.ms, of: row, rev });
    } else if (each.kind === 'dead') {
      const push = pushes[each.push];
      if (!push) continue;
      const { at } = model.rows.get(push.id) ?? push.of;
      const deadSince = each.since === 'none' ? undefined : at + (each.since === 'before' ? -1 : 1);
      const verdict = {
        app,
        device: push.id,
        tokenRev: push.rev,
        verdict: 'dead',
        reason: 'Unregistered',
        at: clock.ms,
      } as const;
      await devices.applyVerdicts([{ ...verdict, deadSince }]);
      model.kill(push, deadSince);
    }
    await compare(hub, app, model);
  }
}

async function compare({ store, devices }: Directory, app: string, model: Model): Promise<void> {
  const rows = await store.db.selectFrom('devices').select('id').where('app', '=', app).execute();
  const found = await devices.byIds(
    app,
    rows.map(({ id }) => id),
  );
  const seen = [...found].map(
    ([id, device]) => [id, device.users, device.target(), device.status === 'invalid'] as const,
  );
  const wanted = [...model.rows].map(
    ([id, { owner, token, isDead }]) =>
      [id, owner === undefined ? [] : [`u${owner}`], iosToken(token), isDead] as const,
  );
  const sorted = (list: typeof seen) => list.toSorted(([a], [b]) => (a < b ? -1 : 1));
  expect(sorted(seen)).toEqual(sorted(wanted as unknown as typeof seen));
  const people = await devices.ofUsers(app, ['u0', 'u1', 'u2']);
  const tokens = [...people.values()].flatMap((own) => own.map((device) => device.target()));
  expect(new Set(tokens).size).toBe(tokens.length);
}
