/** Rows whose sealed text cannot be opened: a damaged file or disk, another store's backup. The work on all others goes on without them. */
import { MartletError } from '../../kit/errors.ts';
import { auditName } from './audit.ts';
import { type RowPage, rowPage } from './row-page.ts';
import type { HubSeal } from './storage.ts';
import type { StoreObserver } from './store-observer.ts';

/** The cause of a failed decryption says nothing more, and never may. */
export class UnreadableError extends MartletError {
  readonly code = 'ERR_HUB_UNREADABLE';
  constructor() {
    super('a sealed text of the hub cannot be opened: it is damaged, or belongs to something else');
  }
}

/** What `open` makes of a sealed text; undefined: it cannot be opened, which the store has told. */
export function readable<T>(open: () => T): T | undefined {
  try {
    return open();
  } catch (error) {
    if (error instanceof UnreadableError) return undefined;
    throw error;
  }
}

/** Something that is there, and cannot be read. */
export const SPOILT = Symbol('spoilt');

/** The same of what is read from the store. */
export const spoiltOr = <T>(reading: Promise<T>): Promise<T | typeof SPOILT> =>
  reading.catch((error: unknown) => {
    if (error instanceof UnreadableError) return SPOILT;
    throw error;
  });

/** The version of what was read; undefined: it is not there, or cannot be read. */
export const revOf = (read: { readonly rev: number } | typeof SPOILT | undefined): number | undefined =>
  read === SPOILT ? undefined : read?.rev;

/** Of several, those that can be opened. */
export const readableOf = <Row, T>(rows: readonly Row[], open: (row: Row) => T): T[] =>
  rows.flatMap((row) => {
    const opened = readable(() => open(row));
    return opened === undefined ? [] : [opened];
  });

/**
 * A page of a list without the rows that cannot be opened: others take their place, so that the page is full where there are enough.
 * @param read the rows behind one of them, or from the beginning, at most so many
 * @param sealed the text of a row, by which a page of large ones is cut
 */
export const readablePage = <Row, T>(
  limit: number,
  read: (after: Row | undefined, limit: number) => Promise<readonly Row[]>,
  sealed: (row: Row) => string,
  open: (row: Row) => T,
): Promise<RowPage<T>> =>
  rowPage({ limit, read, bytesOf: (row) => sealed(row).length, open: (row) => readable(() => open(row)) });

/** Texts that the log has named: a page is looked at again and again. */
const MOST_TOLD = 1000;
/** What callers bring, such as the links in mails, belongs to no row and has no kind. */
const KIND = /^([a-z][a-z -]*):(.*)$/s;

/** `["<app>","<id>"]`, or `<app>:<id>`, as most texts are bound. */
function pairIn(text: string): readonly [app: string, id: string] | undefined {
  if (!text.startsWith('[')) {
    const end = text.indexOf(':');
    return end < 0 ? undefined : [text.slice(0, end), text.slice(end + 1)];
  }
  const [app, id, ...more] = JSON.parse(text) as string[];
  return app !== undefined && id !== undefined && more.length === 0 ? [app, id] : undefined;
}

/** As the audit has it; what it never names has a keyed hash. */
function nameOf(seal: HubSeal, kind: string, rest: string): string {
  const pair = pairIn(rest);
  if (!pair || !AUDITED.has(kind)) return `${kind}#${seal.hash('audit', '', `${kind}:${rest}`)}`;
  const [app, id] = pair;
  return auditName(seal, app, `${kind}:${id}`);
}
const AUDITED = new Set(['user', 'device', 'notification', 'incident', 'escalation', 'task', 'schedule']);

/** A seal that tells, once for each, what it could not open. */
export function tellingSeal(seal: HubSeal, observer: StoreObserver | undefined): HubSeal {
  const told = new Set<string>();
  const tell = (bound: string): void => {
    const [, kind, rest = ''] = KIND.exec(bound) ?? [];
    if (kind === undefined || told.has(bound) || told.size >= MOST_TOLD) return;
    told.add(bound);
    observer?.unreadable?.(kind, nameOf(seal, kind, rest));
  };
  return {
    ...seal,
    open(sealed, bound) {
      try {
        return seal.open(sealed, bound);
      } catch (error) {
        if (error instanceof UnreadableError) tell(bound);
        throw error;
      }
    },
  };
}
