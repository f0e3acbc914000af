/** The names of apps have no slash. */
const PART = '/';

/** The one text by which streams know a person of an app. */
export const personKey = (app: string, user: string): string => `${app}${PART}${user}`;

export interface PersonOfKey {
  readonly app: string;
  readonly user: string;
}

export function personOfKey(key: string): PersonOfKey {
  const end = key.indexOf(PART);
  return { app: key.slice(0, end), user: key.slice(end + 1) };
}
