import { type Flag, type FlagValues, textOf } from '../flag.ts';

/** Which relay a command asks, and as whom. */
export interface RelayPlace {
  /** Undefined: that of the configuration, on this machine. */
  readonly url: string | undefined;
  /** API key. */
  readonly key: string | undefined;
}

/** `--key` is the API key here, and no file of Apple's. */
export const relayFlags: readonly Flag[] = [
  { names: ['url'], takes: 'url', help: 'ask the relay there, and not that of the configuration on this machine' },
  { names: ['key', 'i'], takes: 'key', help: 'API key; default: MARTLET_API_KEY of the environment' },
];

export const appFlag: Flag = { names: ['app'], takes: 'name', help: 'the app; default: that of the key, else default' };

export const jsonFlag: Flag = { names: ['json'], help: 'print JSON' };

export const placeOf = (values: FlagValues): RelayPlace => ({
  url: textOf(values, 'url'),
  key: textOf(values, 'key'),
});
