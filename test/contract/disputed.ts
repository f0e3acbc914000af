import type { CorpusCase, Fields } from './corpus-case.ts';

/**
 * Cases whose expectation contradicts itself, by `group/name`: what replaces it, and why. Everything else of the case holds.
 */
const disputed: Readonly<Record<string, { readonly why: string; readonly expect: Fields }>> = {
  'ios/data-aps-adds': {
    why: 'Recorded is a crash of Gorush; deviations l (keys of data.aps are laid over aps) and s (no request ends the process) say what must happen.',
    expect: {
      crashed: null,
      responses: [{ status: 200, body: { counts: 1, logs: [], success: 'ok' } }],
      upstream: [
        {
          host: 'api.sandbox.push.apple.com',
          method: 'POST',
          path: '/3/device/a1',
          headers: { 'apns-push-type': 'alert' },
          body: {
            aps: { alert: 'hi', category: 'c', 'thread-id': 'th', 'filter-criteria': 'f', 'content-available': 1 },
          },
        },
      ],
    },
  },
  'cli/ios-send-no-key': {
    why: 'A missing key is told with an exit code other than 0; to send the push unauthenticated all the same helps nobody.',
    expect: { exit: { code: '<nonzero>' }, upstream: [] },
  },
};

/** The case as it is held against us. */
export function settleDispute(group: string, one: CorpusCase): CorpusCase {
  const dispute = disputed[`${group}/${one.name}`];
  return dispute ? { ...one, ...dispute } : one;
}
