import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readEndpoint } from '../../src/carrier/endpoint.ts';
import { hostRules } from '../../src/carrier/hosts.ts';

/** By the URL parser alone. */
function parsed(text: string): { origin: string; path: string } | undefined {
  const url = URL.parse(text);
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') return undefined;
  return { origin: url.origin, path: url.pathname + url.search };
}

function read(text: string): { origin: string; path: string } | undefined {
  const endpoint = readEndpoint(text);
  if (!endpoint) return undefined;
  const { place, path } = endpoint;
  return { origin: typeof place === 'string' ? (URL.parse(place)?.origin ?? 'none') : place.origin, path };
}

describe('an endpoint is read as a URL parser reads it', () => {
  test.each([
    'https://fcm.googleapis.com/fcm/send/dXQ:APA91b-_x',
    'https://wns2-par02p.notify.windows.com/w/?token=BQYAAAC%2b%3d',
    'https://h.test:443/a',
    'https://h.test:08443/a',
    'http://h.test:80/a',
    'https://h.test/a/../b',
    'https://h.test/a/%2e%2e/b',
    'https://h.test/.well/x',
    'https://h.test',
    'https://h.test//a?b?c',
    "https://h.test/a?it's",
    'https://h.test/a#b',
    'https://H.TEST/a',
    'https://user@h.test/a',
    'https://h.test\\a',
    'https://1.2.3/a',
    'https://0x7f.1/a',
    'https://h.test:99999/a',
    'https://h..test/a',
    'https://-h.test/a',
    'https://xn--a/a',
    'ftp://h.test/a',
    'h.test/a',
    '',
  ])('%s', (text) => {
    const expected = parsed(text);
    // A place that is no URL after all is on no list.
    if (expected === undefined && readEndpoint(text))
      expect(hostRules({ k: ['*.test', '*.a'] }).originOf(readEndpoint(text)!.place)).toBeUndefined();
    else expect(read(text)).toEqual(expected);
  });

  test('whatever it is', () => {
    const texts = fc.oneof(
      fc.webUrl({ withQueryParameters: true, withFragments: true, validSchemes: ['http', 'https'] }),
      fc.tuple(fc.domain(), fc.string()).map(([host, path]) => `https://${host}/${path}`),
      fc
        .tuple(
          fc.constantFrom('https://h.test/', 'http://h.test:8080/'),
          fc.stringMatching(/^[\w\-.~:!$&()*+,;=@%/?]*$/),
        )
        .map((parts) => parts.join('')),
      fc.string(),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const expected = parsed(text);
        if (expected) expect(read(text)).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });
});
