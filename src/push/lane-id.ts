import type { Environment, Provider } from './push.ts';

/** Stands for the environment while the app is not loaded: `ios.production` of the app decides once it is. */
export const AS_CONFIGURED = 'configured';

export interface LaneParts {
  readonly app: string;
  readonly provider: Provider;
  readonly environment: Environment | typeof AS_CONFIGURED;
  /** Part of a provider whose targets say where they are sent, such as the origin of a push service; absent where one place takes all. */
  readonly partition?: string | undefined;
}

/**
 * Names a lane: the pushes of one app that share a queue, a rate limit, a breaker and the connections to one place. A value:
 * two ids of the same parts are the same lane, and have the same `key`.
 */
export class LaneId implements LaneParts {
  readonly app: string;
  readonly provider: Provider;
  readonly environment: Environment | typeof AS_CONFIGURED;
  readonly partition: string | undefined;
  /** What maps of lanes go by. Never taken apart again. */
  readonly key: string;

  constructor({ app, provider, environment, partition }: LaneParts) {
    this.app = app;
    this.provider = provider;
    this.environment = environment;
    this.partition = partition;
    this.key = `${app}/${provider}/${environment}${partition === undefined ? '' : `/${partition}`}`;
  }

  /** For logs and checks: `default/apns/production`. */
  toString(): string {
    return this.key;
  }
}
