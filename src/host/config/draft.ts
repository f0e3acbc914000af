import type { Mistake } from '../../config/mistake.ts';
import type { FullConfig, ProviderTable } from '../../providers/registry.ts';

/** What the configuration is for: `serve`, `ping` for the health check, or the name of a platform for one push to it. */
export type Purpose = string;

/** By platform. Throws ConfigError (`ios.key_path: …`) when the platform's credentials cannot be used. Opens no connection. */
export type CredentialTrials = Readonly<Record<string, (config: FullConfig) => unknown>>;

/** `default`, `file`, `command line`, or the name of the environment variable. */
export type Origin = string;

/** A configuration whose values have their types, before the checks that look at several of them and at files. */
export interface Draft {
  readonly config: FullConfig;
  readonly providers: ProviderTable;
  readonly purpose: Purpose;
  readonly origin: (path: string) => Origin;
  /** True for a key whose value was wrong, and for the keys of a section that is not one: nothing can be concluded from it. */
  readonly broken: (path: string) => boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Default: the credentials are not read. */
  readonly tryCredentials: CredentialTrials;
}

export interface Findings {
  readonly mistakes: Mistake[];
  readonly warnings: string[];
}
