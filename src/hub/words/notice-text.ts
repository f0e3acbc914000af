/** What notices carry that the hub words itself: short enough for every provider, and for the eye. */
import type { JsonObject } from '../../push/push.ts';

/** Pushes carry some 4 KiB in all: larger data stays with what it is of, for the app to fetch, and longer texts are cut. */
const MOST_DATA = 1024;
const MOST_TITLE = 200;
const MOST_MESSAGE = 600;

function cut(text: string, most: number): string {
  const characters = text.length <= most ? [] : [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}

export const noticeTitle = (text: string): string => cut(text, MOST_TITLE);
export const noticeMessage = (text: string): string => cut(text, MOST_MESSAGE);

export const noticeData = (data: JsonObject | undefined): JsonObject =>
  data && JSON.stringify(data).length <= MOST_DATA ? data : {};

interface Named {
  readonly name: string;
  /** Worth telling others. */
  readonly isNamed: boolean;
}

/** `Resolved by ada.` */
export const byWords = (word: string, { name, isNamed }: Named): string =>
  isNamed ? `${word} by ${name}.` : `${word}.`;

/** The same, by someone who was erased since. */
export const withoutActor = (message: string, actor: string): string => {
  const ending = ` by ${actor}.`;
  return message.endsWith(ending) ? `${message.slice(0, -ending.length)}.` : message;
};
