/**
 * What a person can answer, in the words that Twilio and the carriers know (help.twilio.com/articles/223134027): one word, in any
 * case. Twilio itself sends nothing to a number after STOP, until START.
 */
const STOP = new Set(['STOP', 'STOPALL', 'UNSUBSCRIBE', 'CANCEL', 'END', 'QUIT', 'REVOKE', 'OPTOUT']);
const START = new Set(['START', 'YES', 'UNSTOP']);

/** @param form of a message that came in. `OptOutType` is what the provider has made of it, where that is switched on. */
export function wantsOf(form: URLSearchParams): 'stop' | 'start' | undefined {
  const word = (form.get('OptOutType') ?? form.get('Body') ?? '').trim().toUpperCase();
  if (STOP.has(word)) return 'stop';
  return START.has(word) ? 'start' : undefined;
}
