import { randomBytes } from 'node:crypto';

/** Access tokens that a sign-in server gave out; those that are past their time are gone. */
export class AccessTokens {
  readonly #expiry = new Map<string, number>();
  readonly #now: () => number;
  #issued = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** How many were given out since the start. */
  get issued(): number {
    return this.#issued;
  }

  issue(prefix: string, seconds: number): string {
    for (const [token, until] of this.#expiry) if (until < this.#now()) this.#expiry.delete(token);
    const token = prefix + randomBytes(24).toString('base64url');
    this.#expiry.set(token, this.#now() + seconds * 1000);
    this.#issued += 1;
    return token;
  }

  accepts(authorization: string | undefined): boolean {
    const [scheme, token] = authorization?.split(' ') ?? [];
    return scheme?.toLowerCase() === 'bearer' && (this.#expiry.get(token ?? '') ?? 0) > this.#now();
  }

  /** Forgets all of them, as a provider that revokes what it gave out. */
  revoke(): void {
    this.#expiry.clear();
  }
}
