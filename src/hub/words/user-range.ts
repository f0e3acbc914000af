/** Ids of people between which others lie. */
export interface UserRange {
  readonly from: string;
  readonly to: string;
}

const ASCII = /^[\0-\x7f]*$/;

/**
 * The first and the last of some ids as stores sort them, by their bytes; undefined where JavaScript, which compares UTF-16, might
 * see another order. Text that is all ASCII compares alike with any other.
 */
export function rangeOf(users: Iterable<string>): UserRange | undefined {
  let from: string | undefined;
  let to: string | undefined;
  for (const user of users) {
    if (from === undefined || user < from) from = user;
    if (to === undefined || user > to) to = user;
  }
  return from !== undefined && to !== undefined && ASCII.test(from) && ASCII.test(to) ? { from, to } : undefined;
}

export const isWithin = ({ from, to }: UserRange, user: string): boolean => user >= from && user <= to;
