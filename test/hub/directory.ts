import { devicePart } from '../../src/hub/devices/device-part.ts';
import { Devices } from '../../src/hub/devices/devices.ts';
import { Removals } from '../../src/hub/devices/removals.ts';
import { ensurePeople, People } from '../../src/hub/people/people.ts';
import type { ExportedPart, PersonPart } from '../../src/hub/people/person.ts';
import { Topics } from '../../src/hub/people/topics.ts';
import { topicsExport } from '../../src/hub/people/topics-export.ts';
import { settingsPart } from '../../src/hub/settings/settings-book.ts';
import type { HubDb, HubStore } from '../../src/hub/storage/storage.ts';
import { builtIn } from '../../src/providers/registry.ts';

export const START = Date.UTC(2026, 10, 1);
export const DAY = 86_400_000;

/** A clock that stands still until it is moved. */
export class Clock {
  ms = START;
  readonly now = (): number => this.ms;
  pass(ms: number): void {
    this.ms += ms;
  }
}

interface DirectoryExtras {
  /** Of `config.yml`, by platform. */
  readonly sections?: Readonly<Record<string, unknown>>;
  readonly parts?: readonly PersonPart[];
  readonly exported?: readonly ExportedPart[];
  /** What hangs on people and devices, in the transaction that changes them. */
  readonly changed?: (tx: HubDb, app: string, users: readonly string[]) => Promise<void>;
}

/** People, devices and topics over one store. */
export function directory(store: HubStore, clock = new Clock(), extras: DirectoryExtras = {}) {
  const { sections = {}, parts = [], exported = [], changed } = extras;
  const said: string[] = [];
  const removals = new Removals({ store, now: clock.now, tell: (_, message) => said.push(message) });
  const devices = new Devices({
    store,
    now: clock.now,
    removals,
    providers: builtIn,
    sectionOf: (_app, platform) => sections[platform],
    makePeople: (tx, app, ids, now) => ensurePeople(tx, store, app, ids, now),
    staleAfterMs: 270 * DAY,
    changed,
  });
  const people = new People({
    store,
    now: clock.now,
    changed,
    parts: [devicePart(devices), settingsPart, ...parts],
    exported: [topicsExport, ...exported],
  });
  return { store, clock, devices, people, topics: new Topics(store, clock.now), removals, said };
}

export type Directory = ReturnType<typeof directory>;

export const change = { app: 'default', by: 'key:test' };
/** An APNs token that is the same for the same number. */
export const iosToken = (number: number): string => number.toString(16).padStart(8, '0').repeat(8);
export const phone = (number: number, more: object = {}) => ({ platform: 'ios', token: iosToken(number), ...more });
