import type { Decode } from './decoding.ts';
import { lenient, list, object, string } from './go-types.ts';

/**
 * Fields that several providers read and Gorush does not have. A value of the wrong type is ignored: callers of Gorush may send such
 * a field already, for something else.
 */
export const sharedFields = {
  url: lenient(string),
  click_action: lenient(string),
  thread_id: lenient(string),
  actions: lenient(list(object)),
} as const satisfies Record<string, Decode>;

export type SharedField = keyof typeof sharedFields;

/** What each means, for the description of the API. */
export const sharedFieldDocs: Readonly<Record<SharedField, string>> = {
  url: 'Where a click on the notification leads. Ignored when it is not a string.',
  click_action: 'As `url`, which overrides it. Ignored when it is not a string.',
  thread_id: 'Notifications with one id are grouped, or answer each other. Ignored when it is not a string.',
  actions: 'Buttons: `{action, title, url?}` each. Ignored when it is not a list of objects.',
};
