const BEGIN = 'digest-';

/** Ids of notifications that are digests. A caller's own id may look like one: then it has no items, and nothing follows. */
export const digestId = (id: string): string => BEGIN + id;

export const isDigest = (notification: string): boolean => notification.startsWith(BEGIN);

/** What decisions of items have in place of a timer, once their digest was made. */
export const digestMark = (digest: string): string => `digest:${digest}`;
