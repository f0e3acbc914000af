/** The words of what happens on the way to a provider that is called over HTTP/1.1, the same for each of them. */
import type { StreamFault } from '../http2/http2-pool.ts';
import { type Reason, SENT_AGAIN } from './reasons.ts';

export type PostingWord = 'InvalidAnswer' | 'ConnectionFailed' | 'NotSent' | 'Timeout' | 'ConnectionLost';

const TWICE = 'It is sent again by itself, and the device may get it twice.';

/** Their rows for the table of a provider. @param title what people call it. @param where the key of config.yml that says where it is */
export const postingWords = (title: string, where: string): Record<PostingWord, Reason> => ({
  InvalidAnswer: {
    category: 'unavailable',
    advice: `Something between here and ${title} answered instead of it: check proxies.`,
  },
  ConnectionFailed: {
    category: 'not_sent',
    advice: `Check that \`${where}\` can be reached.`,
    again: SENT_AGAIN,
  },
  NotSent: { category: 'not_sent', advice: 'The push was given up before it was written.', again: SENT_AGAIN },
  Timeout: {
    category: 'unanswered',
    advice: `${title.charAt(0).toUpperCase()}${title.slice(1)} did not answer in time.`,
    again: TWICE,
  },
  ConnectionLost: { category: 'unanswered', advice: 'The connection was lost.', again: TWICE },
});

/** Which of them a request without an answer gets. */
export function faultWord({ code, processed }: StreamFault): Exclude<PostingWord, 'InvalidAnswer'> {
  if (processed === 'no') return /CONNECT|TIMEOUT|TLS|DNS/.test(code) ? 'ConnectionFailed' : 'NotSent';
  return code.includes('TIMEOUT') ? 'Timeout' : 'ConnectionLost';
}
