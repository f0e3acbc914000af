const BEGIN = 'digest-';
const MARK = 'digest:';

/** Ids of notifications that are digests. A caller's own id may look like one: then it has no items, and nothing follows. */
export const digestId = (id: string): string => BEGIN + id;

export const isDigest = (notification: string): boolean => notification.startsWith(BEGIN);

/** What decisions of items have in place of a timer, once their digest was made. */
export const digestMark = (digest: string): string => `${MARK}${digest}`;

/** @param dueRow of a decision that is collected: a digest was made of it, and it ends as that does. */
export const isTakenByDigest = (dueRow: string | null): boolean => dueRow?.startsWith(MARK) === true;

/** The same as a pattern of LIKE. */
export const TAKEN_BY_DIGEST = `${MARK}%`;

/** What they have while their digest is held: it is decided about again as a whole, and they are not. */
export const HELD_BACK = 'held digest';
