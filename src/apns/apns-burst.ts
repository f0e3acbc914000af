import { TargetsBurst, type TargetsBurstOptions } from '../carrier/targets-burst.ts';
import type { Burst, RequestTemplate, ResponseHeaders, StreamFault } from '../http2/http2-pool.ts';
import type { Failed, Outcome } from '../push/push.ts';
import type { AcceptedPushes } from './accepted-pushes.ts';
import { arePathSegments, pathSegment } from './path-segment.ts';
import { apnsFault, apnsOutcome } from './reasons.ts';

export interface ApnsBurstOptions extends TargetsBurstOptions {
  readonly now: () => number;
  readonly accepted: AcceptedPushes;
}

/** The pushes of one delivery to devices: each has a path of its own. */
export class ApnsBurst extends TargetsBurst implements Burst {
  readonly #now: () => number;
  readonly #accepted: AcceptedPushes;
  readonly #paths: readonly string[];

  constructor(options: ApnsBurstOptions) {
    const { targets } = options.delivery;
    const encoded: string[] = [];
    const encode = (target: string): Failed | undefined => {
      const path = pathSegment(target);
      if (typeof path !== 'string') return path;
      encoded.push(path);
      return undefined;
    };
    const arePaths = arePathSegments(targets);
    super(options, arePaths ? undefined : encode);
    this.#paths = arePaths ? targets : encoded;
    this.#now = options.now;
    this.#accepted = options.accepted;
  }

  path(index: number): string {
    return this.#paths[index] as string;
  }

  body(): Uint8Array {
    return this.template.body as Uint8Array;
  }

  onResponse(index: number, status: number, headers: ResponseHeaders, body: Buffer, session: number): void {
    const outcome =
      status === 200 && body.length === 0
        ? this.#delivered(headers, session)
        : apnsOutcome(status, headers, body, this.#now, session);
    this.end(index, outcome);
  }

  onFault(index: number, fault: StreamFault, session?: number): void {
    this.end(index, apnsFault(fault, session));
  }

  /** Of many, none has an object of its own; of one, it costs nothing that counts, and Apple can be asked about its id. */
  #delivered(headers: ResponseHeaders, session: number): Outcome {
    const providerId = this.count === 1 ? headers['apns-id'] : undefined;
    return providerId === undefined ? this.#accepted.on(session) : { kind: 'accepted', providerId, session };
  }
}

/** One push of a burst that needs headers of its own. */
export class SinglePush implements Burst {
  readonly template: RequestTemplate;
  readonly count = 1;
  readonly #burst: ApnsBurst;
  readonly #index: number;

  constructor(burst: ApnsBurst, index: number, template: RequestTemplate) {
    this.template = template;
    this.#burst = burst;
    this.#index = index;
  }

  path(): string {
    return this.#burst.path(this.#index);
  }

  body(): Uint8Array {
    return this.template.body as Uint8Array;
  }

  onResponse(_: number, status: number, headers: ResponseHeaders, body: Buffer, session: number): void {
    this.#burst.onResponse(this.#index, status, headers, body, session);
  }

  onFault(_: number, fault: StreamFault, session?: number): void {
    this.#burst.onFault(this.#index, fault, session);
  }
}
