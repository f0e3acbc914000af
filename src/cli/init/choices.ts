import { basename } from 'node:path';
import type { ConfigFlags } from '../config-flags.ts';

export interface IosChoices {
  /** Empty: no iOS. */
  readonly keyPath: string;
  readonly keyId: string;
  readonly teamId: string;
  /** Bundle id. */
  readonly topic: string;
  readonly production: boolean;
}

/** What a new configuration is to say. */
export interface Choices {
  readonly sandbox: boolean;
  /** Empty: all interfaces. */
  readonly address: string;
  readonly port: string;
  readonly ios: IosChoices;
  readonly android: { readonly keyPath: string };
  readonly huawei: { readonly appid: string; readonly appsecret: string };
  readonly hub: boolean;
  /** Of the first API key. */
  readonly keyName: string;
}

/** What flags say of it; the rest is asked for, or has its default. */
export interface GivenChoices {
  readonly flags: ConfigFlags;
  readonly sandbox: boolean | undefined;
  readonly hub: boolean | undefined;
  readonly topic: string | undefined;
  readonly keyName: string | undefined;
}

/** Asks the person at the terminal. @returns the answer; an empty one is `byDefault` */
export type Ask = (question: string, byDefault: string) => Promise<string>;

/** Where there is no one to ask. */
export const takeDefaults: Ask = async (_question, byDefault) => byDefault;

const CREDENTIALS = ['ios.key_path', 'android.key_path', 'huawei.appid'];

/** Questions of which flags have answered some. */
class Interview {
  readonly #flags: ConfigFlags;
  readonly #ask: Ask;

  constructor(flags: ConfigFlags, ask: Ask) {
    this.#flags = flags;
    this.#ask = ask;
  }

  async text(key: string, question: string, byDefault = ''): Promise<string> {
    const given = this.#flags[key];
    return given === undefined ? (await this.#ask(question, byDefault)).trim() : String(given);
  }

  async isYes(given: boolean | undefined, question: string, byDefault = false): Promise<boolean> {
    if (given !== undefined) return given;
    return /^y(es)?$/i.test((await this.#ask(question, byDefault ? 'yes' : 'no')).trim());
  }

  /** The same, which asks only where there is something to ask about. */
  about(isAny: boolean): Interview {
    return isAny ? this : new Interview(this.#flags, takeDefaults);
  }
}

async function iosOf(interview: Interview, { flags, topic }: GivenChoices): Promise<IosChoices> {
  const keyPath = await interview.text('ios.key_path', "iOS: path of Apple's .p8 key (empty: no iOS)");
  const more = interview.about(keyPath !== '');
  const idInName = /^AuthKey_(\w+)\.p8$/.exec(basename(keyPath))?.[1];
  return {
    keyPath,
    keyId: await more.text('ios.key_id', 'iOS: id of the key', idInName),
    teamId: await more.text('ios.team_id', 'iOS: id of the team'),
    topic: topic ?? (await more.text('ios.topic', 'iOS: bundle id of the app')),
    production: await more.isYes(
      flags['ios.production'] === true || undefined,
      'iOS: does the app come from the App Store or TestFlight?',
    ),
  };
}

async function huaweiOf(interview: Interview): Promise<Choices['huawei']> {
  const appid = await interview.text('huawei.appid', 'Huawei: id of the app (empty: no Huawei)');
  const more = interview.about(appid !== '');
  return { appid, appsecret: await more.text('huawei.appsecret', 'Huawei: secret of the app') };
}

/** Asks for what no flag says. */
export async function choose(given: GivenChoices, ask: Ask): Promise<Choices> {
  const { flags } = given;
  const interview = new Interview(flags, ask);
  const hasCredential = CREDENTIALS.some((key) => flags[key] !== undefined);
  const isTrial = given.sandbox ?? (hasCredential ? false : undefined);
  const sandbox = await interview.isYes(isTrial, 'Simulated providers, to try it out without accounts?', true);
  const providers = interview.about(!sandbox);
  const ios = await iosOf(providers, given);
  const keyPath = await providers.text(
    'android.key_path',
    "Android: path of Firebase's service account (empty: no Android)",
  );
  const huawei = await huaweiOf(providers);
  const hub = await interview.isYes(given.hub, 'The hub: people with their devices, and not only device tokens?');
  const isAddressGiven = flags['core.address'] !== undefined;
  const isOpen = await interview.about(!isAddressGiven).isYes(undefined, 'Is it to be reached from other machines?');
  return {
    ...{ sandbox, ios, android: { keyPath }, huawei, hub },
    address: isAddressGiven ? String(flags['core.address']) : isOpen ? '' : '127.0.0.1',
    port: await interview.text('core.port', 'Port', '8088'),
    keyName: given.keyName ?? (await ask('Name of the first API key', 'back-end')).trim(),
  };
}
