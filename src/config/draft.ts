import type { PlatformName } from '../push/push.ts';
import type { Mistake } from './mistake.ts';
import type { Config } from './schema.ts';

/** What the configuration is for: the server, the health check of `--ping`, or one push from the command line. */
export type Purpose = 'serve' | 'ping' | PlatformName;

/** Throws ConfigError (`ios.key_path: …`) when the platform's credentials cannot be used. Opens no connection. */
export type CredentialTrials = Partial<Record<PlatformName, (config: Config) => unknown>>;

/** `default`, `file`, `command line`, or the name of the environment variable. */
export type Origin = string;

/** A configuration whose values have their types, before the checks that look at several of them and at files. */
export interface Draft {
  readonly config: Config;
  readonly purpose: Purpose;
  readonly origin: (path: string) => Origin;
  /** True for a key whose value was wrong, and for the keys of a section that was none: nothing can be concluded from it. */
  readonly broken: (path: string) => boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly tryCredentials: CredentialTrials;
}

export interface Findings {
  readonly mistakes: Mistake[];
  readonly warnings: string[];
}
