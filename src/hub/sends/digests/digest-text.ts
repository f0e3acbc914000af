import type { AcceptedNotification } from '../../notifications/decide-input.ts';
import type { DigestItem } from './digest-items.ts';

/** What a digest carries for an app to read. */
export interface DigestData {
  /** Of all items. */
  readonly count: number;
  /** Those that it names. */
  readonly items: readonly DigestItem[];
}

/** What a digest says. */
export const digestText = (
  { count, items }: DigestData,
  confidentialText: string,
): Pick<AcceptedNotification, 'title' | 'message' | 'data'> => ({
  title: count === 1 ? '1 notification' : `${count} notifications`,
  message: items
    .map(({ title, message, type }) => title ?? message ?? type ?? confidentialText)
    .concat(count > items.length ? [`and ${count - items.length} more`] : [])
    .join('\n'),
  data: { count, items: items.map((item) => ({ ...item })) },
});
