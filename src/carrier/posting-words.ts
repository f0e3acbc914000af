/** The words of what happens on the way to a provider that is called over HTTP/1.1, the same for each of them. */
import type { StreamFault } from '../http2/http2-pool.ts';
import type { Reason } from './reasons.ts';

export type PostingWord = 'InvalidAnswer' | 'ConnectionFailed' | 'NotSent' | 'Timeout' | 'ConnectionLost';

/** Their rows for the table of a provider. @param title what people call it. @param where the key of config.yml that says where it is */
export const postingWords = (title: string, where: string): Record<PostingWord, Reason> => ({
  InvalidAnswer: {
    category: 'unavailable',
    advice: `Something between here and ${title} answered instead of it: check proxies.`,
  },
  ConnectionFailed: {
    category: 'not_sent',
    advice: `Check that \`${where}\` can be reached; the push is sent again.`,
  },
  NotSent: { category: 'not_sent', advice: 'The push was given up before it was written: it is sent again.' },
  Timeout: { category: 'unanswered', advice: `${title} did not answer in time; the device may get the push twice.` },
  ConnectionLost: { category: 'unanswered', advice: 'The connection was lost; the device may get the push twice.' },
});

/** Which of them a request without an answer gets. */
export function faultWord({ code, processed }: StreamFault): Exclude<PostingWord, 'InvalidAnswer'> {
  if (processed === 'no') return /CONNECT|TIMEOUT|TLS|DNS/.test(code) ? 'ConnectionFailed' : 'NotSent';
  return code.includes('TIMEOUT') ? 'Timeout' : 'ConnectionLost';
}
