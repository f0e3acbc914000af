/** Request ids of the hub begin so; all others are UUIDs. */
export const REQUEST_PREFIX = 'hub-';

/** What the hub says to people is theirs: log lines do not have it. */
export const isOfHub = (requestId: string): boolean => requestId.startsWith(REQUEST_PREFIX);
