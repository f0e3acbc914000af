import { timingSafeEqual } from 'node:crypto';
import type { PostAnswer } from '../../../src/carrier/http-post.ts';
import { type PostingProtocol, PostingTransport } from '../../../src/carrier/posting-transport.ts';
import { faultWord } from '../../../src/carrier/posting-words.ts';
import type { CallbackRequest, OpenProvider, ProviderServices } from '../../../src/carrier/provider-row.ts';
import { reasonIn } from '../../../src/carrier/reasons.ts';
import { retryAfterMs } from '../../../src/kit/retry-after.ts';
import { toMs } from '../../../src/kit/seconds.ts';
import type { Delivery, Outcome } from '../../../src/push/push.ts';
import { buzzOf, signatureOf } from './payload.ts';
import { pagerFailure, pagerReasons, unknownReason } from './reasons.ts';
import type { PagerSection } from './section.ts';

const HOUR_MS = 3_600_000;

interface Answer {
  readonly id?: string;
  readonly word?: string;
}

function answerIn(body: Buffer): Answer {
  try {
    return JSON.parse(body.toString()) ?? {};
  } catch {
    return {};
  }
}

const protocolOf = ({ key, endpoint }: PagerSection): PostingProtocol => ({
  closed: pagerFailure('NotSent', 'the transport is closed'),
  fault: (fault) => pagerFailure(faultWord(fault), fault.message),
  request: (number, { notification }: Delivery) => ({
    origin: endpoint,
    path: '/buzz',
    headers: { 'content-type': 'application/json', 'x-key': key },
    body: JSON.stringify({ number, body: buzzOf(notification) }),
  }),
  outcome(_, { status, headers, body }: PostAnswer): Outcome {
    const { id, word = '' } = answerIn(body);
    if (status === 200 && id) return { kind: 'accepted', providerId: id, receipt: { until: Date.now() + HOUR_MS } };
    if (status === 200) return { ...pagerFailure('InvalidAnswer', 'no answer of the network'), status };
    const { category } = reasonIn(pagerReasons, word) ?? unknownReason(status);
    const later = retryAfterMs(headers['retry-after']);
    const said = word === '' ? 'InvalidAnswer' : word;
    return {
      ...{ kind: 'failed', category, reason: said, error: `${said}: refused by the network`, status },
      ...(later === undefined ? {} : { retryAfterMs: later }),
    };
  },
});

export function openPager({ outbound, late }: ProviderServices<PagerSection>): OpenProvider<PagerSection> {
  const report = ({ name, app, headers, body, section }: CallbackRequest<PagerSection>) => {
    if (name !== 'buzzed') return undefined;
    const given = Buffer.from(String(headers['x-signature']));
    const expected = Buffer.from(signatureOf(section.key, body));
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return { status: 403 };
    const { id = '', word } = answerIn(body);
    late.report(app, id, word === undefined ? { kind: 'delivered' } : pagerFailure('NO_SUCH_PAGER', 'handed back'));
    return { status: 200, body: 'thanks' };
  };
  return {
    transport: ({ section }) =>
      new PostingTransport(protocolOf(section), {
        dispatcher: outbound.dispatcher,
        requestTimeoutMs: toMs(section.request_timeout),
        connections: 4,
      }),
    callback: async (request) => report(request),
  };
}
