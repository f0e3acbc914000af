import { stringify } from 'yaml';
import type { deviceView } from '../../hub/devices/device-view.ts';
import type { personView } from '../../hub/people/person-view.ts';
import { inParentheses } from '../explain/line-parts.ts';

export type PersonAnswer = ReturnType<typeof personView>;
export type DeviceAnswer = ReturnType<typeof deviceView> & { readonly unreadable?: true };

/** An item of `GET /v1/users/{user}/notifications`. */
interface InboxItem {
  readonly id: string;
  readonly type: string;
  readonly title?: string;
  readonly message?: string;
  readonly created_at: string;
  readonly seen_at?: string;
  readonly read_at?: string;
  readonly held_until?: string;
}

export interface InboxAnswer {
  readonly notifications: readonly InboxItem[];
  readonly unread: number;
  readonly unseen: number;
}

/** Everything of a person that `martlet users show` prints. */
export interface WholePerson {
  readonly user: PersonAnswer;
  readonly devices: readonly DeviceAnswer[];
  readonly settings: Readonly<Record<string, unknown>>;
  readonly inbox: InboxAnswer;
}

const ID_WIDTH = 24;
const NAME_WIDTH = 20;

/** One line of a list. */
export function personLine({ id, name = '', email, phone, teams }: PersonAnswer): string {
  const rest = [email, phone, teams.length > 0 && `teams: ${teams.join(', ')}`].filter(Boolean).join('  ');
  return `${id.padEnd(ID_WIDTH)} ${name.padEnd(NAME_WIDTH)} ${rest}`.trimEnd();
}

/** One line of a list. */
export function deviceLine(device: DeviceAnswer): string {
  const { id, platform, kind, environment, name, status, reason, enabled, token_mask, last_seen_at, unreadable } =
    device;
  const what = `${platform}${kind === 'alert' ? '' : ` ${kind}`}, ${environment}`;
  const state = `${status}${inParentheses([reason, !enabled && 'switched off'])}`;
  const called = name === undefined ? '' : `  "${name}"`;
  const token = unreadable ? 'token damaged' : `token ${token_mask}`;
  return `${id.padEnd(ID_WIDTH)} ${what.padEnd(NAME_WIDTH)} ${state}, ${token}, seen ${last_seen_at}${called}`;
}

const indented = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

/** `email ada@example.com: active, consent yes (api)` */
function addressLines({ email, phone, slack, addresses, consent }: PersonAnswer): string[] {
  const kinds = [
    { kind: 'email', address: email, verdict: addresses.email, agreed: consent.email },
    { kind: 'phone', address: phone, verdict: addresses.phone, agreed: consent.sms },
    { kind: 'slack', address: slack, verdict: addresses.slack, agreed: consent.slack },
  ];
  return kinds.flatMap(({ kind, address, verdict, agreed }) => {
    if (address === undefined) return [];
    const state = `${verdict?.status ?? 'active'}${inParentheses([verdict?.reason])}`;
    const consented =
      agreed === undefined
        ? 'consent never asked for'
        : `consent ${agreed.granted ? 'given' : 'refused'}${inParentheses([agreed.source, agreed.at])}`;
    return [`${kind} ${address}: ${state}, ${consented}`];
  });
}

function inboxLines({ notifications, unread, unseen }: InboxAnswer): string[] {
  const head = `inbox: ${unread} unread, ${unseen} unseen`;
  const items = notifications.map(({ id, type, title, message, created_at, seen_at, read_at, held_until }) => {
    const state =
      read_at !== undefined
        ? 'read'
        : held_until !== undefined
          ? `held until ${held_until}`
          : seen_at !== undefined
            ? 'seen'
            : 'unseen';
    return `${created_at}  ${id}  ${type}  ${state}  ${title ?? message ?? ''}`.trimEnd();
  });
  return [head, ...indented(items)];
}

/** A person with all that `show` tells. */
export function wholePersonLines({ user, devices, settings, inbox }: WholePerson): string[] {
  const { id, name, locale, timezone, roles, teams, data, created_at, updated_at } = user;
  const facts = [
    `known since ${created_at}, changed ${updated_at}`,
    ...addressLines(user),
    ...(locale === undefined && timezone === undefined ? [] : [[locale, timezone].filter(Boolean).join(', ')]),
    ...(teams.length > 0 ? [`teams: ${teams.join(', ')}`] : []),
    ...(roles.length > 0 ? [`roles: ${roles.join(', ')}`] : []),
    ...(Object.keys(data).length > 0 ? [`data: ${JSON.stringify(data)}`] : []),
  ];
  return [
    `${id}${name === undefined ? '' : `  ${name}`}`,
    ...indented(facts),
    devices.length === 0 ? 'devices: none' : 'devices',
    ...indented(devices.map(deviceLine)),
    'settings',
    ...indented(stringify(settings).trimEnd().split('\n')),
    ...inboxLines(inbox),
  ];
}
