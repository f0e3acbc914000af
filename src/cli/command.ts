import type { ProviderTable } from '../providers/registry.ts';
import type { Notification, PlatformName } from '../push/push.ts';
import type { AppsTask } from './apps-command.ts';
import type { WithConfig } from './config-flags.ts';
import type { CliContext } from './context.ts';
import type { ExplainTask } from './explain/explain-command.ts';
import type { Flag, FlagValues } from './flag.ts';
import type { InitTask } from './init/init-command.ts';
import type { DevicesTask } from './people/devices-command.ts';
import type { UsersTask } from './people/users-command.ts';
import type { QueueTask } from './queue-command.ts';
import type { RelayPlace } from './relay/relay-flags.ts';
import type { TailTask } from './tail/tail-command.ts';

/** A command that asks a running relay. */
interface AtRelay extends WithConfig {
  readonly place: RelayPlace;
  readonly json: boolean;
}

/** A command about an app. `app`: undefined: the relay chooses, or shows all. */
interface OfApp extends AtRelay {
  readonly app: string | undefined;
}

/** What each command is asked for, by its kind. */
export interface Commands {
  readonly serve: WithConfig;
  readonly init: WithConfig & InitTask;
  /** `probe`: hooks, issuers and providers are asked, too. */
  readonly check: WithConfig & { readonly probe: boolean };
  /** `file` overrides the configured queue. */
  readonly queue: WithConfig & { readonly task: QueueTask; readonly file: string | undefined };
  readonly ping: WithConfig;
  readonly apps: WithConfig & { readonly task: AppsTask };
  readonly 'new-key': { readonly name: string };
  readonly vapid: { readonly json: boolean };
  readonly explain: OfApp & { readonly task: ExplainTask };
  readonly tail: OfApp & { readonly task: TailTask };
  readonly users: OfApp & { readonly task: UsersTask };
  readonly devices: OfApp & { readonly task: DevicesTask };
  /** `tokens`: a file with a target on each line; undefined: the notification has its own. */
  readonly send: WithConfig & {
    readonly platform: PlatformName;
    readonly notification: Notification;
    readonly tokens?: string | undefined;
  };
  readonly version: object;
  /** `text` is for stdout. */
  readonly help: { readonly text: string };
  /** `message` is for stderr. Ends with exit code 2. */
  readonly 'usage-error': { readonly message: string };
}

/** What a command line asks for. */
export type Command = { [Kind in keyof Commands]: { readonly kind: Kind } & Commands[Kind] }[keyof Commands];

/** What was typed, sorted. */
export interface ParsedLine {
  readonly values: FlagValues;
  /** The words of the command itself. */
  readonly words: readonly string[];
  readonly common: WithConfig;
  readonly providers: ProviderTable;
}

/** Why a command line cannot be used. */
export interface UsageMistake {
  readonly mistake: string;
  /** Shows the usage text below it. */
  readonly usage?: boolean;
}

/** Exit code; undefined: the process goes on, and ends by itself. */
export type Ran = number | undefined;

/** One command that has a word of its own. */
export interface CommandRow<Kind extends keyof Commands> {
  /** Of the usage text: what is typed, and what it does. */
  readonly usage: readonly (readonly [typed: string, does: string])[];
  /** Flags that this command alone has, or has with another meaning. */
  readonly flags?: readonly Flag[];
  /** Groups of the flags that all have, which it is about. */
  readonly groups?: readonly string[];
  /** Lines that can be typed, and what they are for. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  /** What the exit codes 0 and 1 mean; 2 is a command line that cannot be used, for all. */
  readonly ends: { readonly good: string; readonly bad?: string };
  /** How many words it takes, which may stand among the flags; default: none. */
  readonly words?: number;
  readonly read: (given: ParsedLine) => Commands[Kind] | UsageMistake;
  readonly run: (command: Commands[Kind], context: CliContext) => Promise<Ran>;
}
