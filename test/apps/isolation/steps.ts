import fc from 'fast-check';
import { type AppShape, MAIN, type Origin, PLATFORMS, type Wish } from './model.ts';

/** Apps of config.yml, and apps made by /v1/apps. */
export const FILE_APPS = ['ant', 'bee'] as const;
export const STORE_APPS = ['cat', 'dog'] as const;
export const TENANTS = [...FILE_APPS, ...STORE_APPS] as const;

/** One POST: its notifications, and the app that its key is bound to, if it is. */
export interface PushRequest {
  readonly bound: string | undefined;
  readonly wishes: readonly Wish[];
}

export type Step =
  /** Requests that are under way together. */
  | { readonly kind: 'push'; readonly requests: readonly PushRequest[] }
  /** The app is made, or gets other settings. */
  | { readonly kind: 'set'; readonly app: string; readonly shape: AppShape }
  | { readonly kind: 'remove'; readonly app: string }
  /** The process ends in order, with whatever still waits, and another begins on its files. */
  | { readonly kind: 'restart' };

export interface Story {
  readonly sync: boolean;
  /** `apps.cache` */
  readonly cache: number;
  readonly begin: readonly (readonly [app: string, shape: AppShape])[];
  readonly steps: readonly Step[];
}

const origin: fc.Arbitrary<Origin> = fc.constantFrom('own', 'inherited', 'off');
const ownFirst = fc.oneof({ weight: 3, arbitrary: fc.constant<Origin>('own') }, { weight: 1, arbitrary: origin });

const shape: fc.Arbitrary<AppShape> = fc.record({
  ios: ownFirst,
  android: ownFirst,
  huawei: ownFirst,
  hasTopic: fc.boolean(),
  hasHook: fc.boolean(),
});

const wish: fc.Arbitrary<Wish> = fc
  .record({
    platform: fc.constantFrom(...PLATFORMS),
    by: fc.constantFrom('app', 'app', 'topic', 'project', 'nothing'),
    tenant: fc.constantFrom<string>(MAIN, ...TENANTS),
    targets: fc.array(fc.constantFrom('good', 'good', 'dead', 'slow', 'held'), { minLength: 1, maxLength: 3 }),
  })
  // One answer of HMS is for all tokens of a request: of several it would not say which.
  .map((each) =>
    each.platform === 'huawei' ? { ...each, targets: each.targets.slice(0, 1) } : each,
  ) as fc.Arbitrary<Wish>;

const request: fc.Arbitrary<PushRequest> = fc.record({
  bound: fc.option(fc.constantFrom<string>(...TENANTS), { nil: undefined, freq: 3 }),
  wishes: fc.array(wish, { minLength: 1, maxLength: 4 }),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('push'), requests: fc.array(request, { minLength: 1, maxLength: 4 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('set'), app: fc.constantFrom<string>(...TENANTS), shape }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove'), app: fc.constantFrom<string>(...TENANTS) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart') }) },
) as fc.Arbitrary<Step>;

export const story: fc.Arbitrary<Story> = fc.record({
  sync: fc.boolean(),
  cache: fc.constantFrom(1, 2, 256),
  begin: fc.uniqueArray(fc.tuple(fc.constantFrom<string>(...TENANTS), shape), {
    selector: ([app]) => app,
    maxLength: TENANTS.length,
  }),
  steps: fc.array(step, { minLength: 1, maxLength: 8 }),
});
