import type { TimelineEvent } from '../../observe/history/timeline.ts';

/** Of an ISO instant, to the millisecond. */
export const time = (iso: string): string => iso.slice(11, 23);

/** ` (a, b)`; nothing where no word is given. */
export const inParentheses = (words: readonly (string | undefined | false)[]): string => {
  const given = words.filter((word) => word);
  return given.length > 0 ? ` (${given.join(', ')})` : '';
};

/** `1 push`, `2 pushes`. */
export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

/** What it went to: the first target, and how many more. */
export function targetName({ targets = [], count }: Pick<TimelineEvent, 'targets' | 'count'>): string {
  const [first] = targets;
  if (!first) return count === undefined ? '' : `${count} targets`;
  const name = first.token ?? first.topic ?? first.condition ?? '';
  return count !== undefined && count > 1 ? `${name} and ${count - 1} more` : name;
}
