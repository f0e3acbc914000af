import { keyFingerprint } from '../carrier/key-facts.ts';
import { keyFileTrouble } from '../carrier/key-file.ts';
import type { CredentialFacts, Given, ProviderSettings } from '../carrier/provider-row.ts';
import type { SettingsTrouble } from '../carrier/settings-trouble.ts';
import { ConfigError } from '../kit/errors.ts';
import { mailbox } from './address.ts';
import { type DkimSettings, loadDkimKey, usesDkim } from './dkim-key.ts';
import { type EmailSection, TLS_WAYS } from './section.ts';

/** A day: a longer pause than that leaves no retry within `email.max_age`. */
const LONGEST_PAUSE = 86_400;

/** `email.backoff` as seconds. @throws ConfigError for an entry that is no pause */
export function retryPauses(entries: readonly string[]): readonly number[] {
  return entries.map((entry) => {
    const seconds = /^\d{1,5}(\.\d{1,3})?$/.test(entry) ? Number(entry) : 0;
    if (seconds > 0 && seconds <= LONGEST_PAUSE) return seconds;
    throw new ConfigError('email.backoff', `must be seconds, more than 0 and at most ${LONGEST_PAUSE}`);
  });
}

const NO_MAILBOX = 'must be an address, or Name <address>';
const NO_DKIM: DkimSettings = { domain: '', selector: '', key_path: '', key: '' };

function dkimTroubles({ dkim }: EmailSection, cwd: string): SettingsTrouble[] {
  if (!usesDkim(dkim)) return [];
  const found: SettingsTrouble[] = [];
  if (dkim.domain === '') found.push({ key: 'email.dkim.domain', text: 'missing: the domain that signs' });
  if (dkim.selector === '') found.push({ key: 'email.dkim.selector', text: 'missing: the selector of the key' });
  if (dkim.key !== '') return found;
  if (dkim.key_path === '') found.push({ key: 'email.dkim.key_path', text: 'missing: the private key' });
  const text = dkim.key_path && keyFileTrouble(cwd, dkim.key_path, 'email.dkim.key');
  if (text) found.push({ key: 'email.dkim.key_path', text });
  return found;
}

function troubles(section: EmailSection, cwd: string): SettingsTrouble[] {
  const { host, username, password, from, reply_to: replyTo, backoff } = section;
  const found: SettingsTrouble[] = [];
  if (host === '') found.push({ key: 'email.host', text: 'missing: the SMTP server' });
  if (from === '') found.push({ key: 'email.from', text: 'missing: the address that sends' });
  else if (!mailbox(from)) found.push({ key: 'email.from', text: NO_MAILBOX });
  if (replyTo !== '' && !mailbox(replyTo)) found.push({ key: 'email.reply_to', text: NO_MAILBOX });
  if (username !== '' && password === '') {
    found.push({ key: 'email.password', text: 'missing: the password of email.username' });
  }
  try {
    retryPauses(backoff);
  } catch (error) {
    found.push({ key: 'email.backoff', text: (error as ConfigError).text });
  }
  return [...found, ...dkimTroubles(section, cwd)];
}

const signIn = ({ username }: Given<EmailSection>): string => (username ? 'password' : 'anonymous');

function factsOf(section: Given<EmailSection>): CredentialFacts | undefined {
  const { host, username, password, from, backoff } = section;
  const dkim = { ...NO_DKIM, ...section.dkim };
  if (!host && !username && !usesDkim(dkim)) return undefined;
  if (!host) throw new ConfigError('email.host', 'must be given');
  if (!mailbox(from ?? '')) throw new ConfigError('email.from', from ? NO_MAILBOX : 'must be given');
  if (username && !password) throw new ConfigError('email.password', 'must be given');
  retryPauses(backoff ?? []);
  const key = loadDkimKey(dkim);
  return {
    has_key: true,
    kind: signIn(section),
    host,
    ...(key ? { dkim_domain: dkim.domain, dkim_fingerprint: keyFingerprint(key) } : {}),
  };
}

const authority = ({ host = '', port = 587 }: Given<EmailSection>): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;

export const emailSettings: ProviderSettings<EmailSection> = {
  identity: {
    whole: ['host'],
    all: ['host', 'port', 'username', 'password', 'tls', 'from', 'reply_to', 'dkim'],
  },
  isGiven: ({ host }) => host !== '',
  troubles: (section, { cwd }) => troubles(section, cwd),
  read: ({ dkim, backoff }) => [loadDkimKey(dkim), retryPauses(backoff)],
  describe(section) {
    const key = loadDkimKey(section.dkim);
    const signed = key ? `, DKIM ${section.dkim.selector} of ${section.dkim.domain}` : '';
    return `${authority(section)}, ${section.tls}, ${signIn(section)}, from ${section.from}${signed}`;
  },
  files: ({ dkim }) => (dkim?.key_path && !dkim.key ? [dkim.key_path] : []),
  address: (section) => `smtp://${authority(section)}`,
  stored: {
    refused: { 'dkim.key_path': 'a file cannot be named here; send what is in it as dkim.key' },
    json: { tls: { enum: TLS_WAYS } },
    kinds: ['password', 'anonymous'],
    facts: factsOf,
    addresses: (section) =>
      section.host ? [{ key: 'host', what: 'the SMTP server', url: `https://${authority(section)}` }] : [],
  },
};
