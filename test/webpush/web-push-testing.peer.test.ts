import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { generateVapidPair } from '../../src/webpush/credentials.ts';
import { startPushService, type TestingPushService } from './testing-push-service.ts';
import { push, reasonsOf, startTransport } from './web-workplace.ts';

const pair = generateVapidPair();
let service: TestingPushService;

beforeAll(async () => {
  vi.spyOn(console, 'log').mockImplementation(() => {});
  service = await startPushService();
  return () => service.close();
});

function transport(vapid = [pair]) {
  const ways = { private_networks: ['127.0.0.0/8', '::1'] };
  return startTransport({ vapid, ways, extraHosts: [service.at] });
}

describe('a push service of others, over plain HTTP', () => {
  test('decrypts what comes, verifies who signed it, and hands it to the browser', async () => {
    const subscriptions = await Promise.all(Array.from({ length: 20 }, () => service.subscribe(pair.public_key)));
    const outcomes = await push(
      transport(),
      subscriptions.map((each) => JSON.stringify(each)),
      { title: 'Grüße', message: 'ä' },
    );
    expect(new Set(reasonsOf(outcomes))).toEqual(new Set(['accepted']));
    for (const subscription of subscriptions) {
      const messages = await service.messages(subscription);
      expect(messages.map((message) => JSON.parse(message))).toEqual([{ notification: { title: 'Grüße', body: 'ä' } }]);
    }
  });

  test('says when a subscription has expired, and refuses another key', async () => {
    const [one, other] = await Promise.all([service.subscribe(pair.public_key), service.subscribe(pair.public_key)]);
    await service.expire(one);
    vi.spyOn(console, 'error').mockImplementation(() => {});
    onTestFinished(() => void vi.restoreAllMocks());
    const pushed = transport();
    expect(reasonsOf(await push(pushed, [JSON.stringify(one), JSON.stringify(other)]))).toEqual([
      'Gone invalid_token',
      'accepted',
    ]);
    const foreign = transport([generateVapidPair()]);
    expect(reasonsOf(await push(foreign, [JSON.stringify(other)]))).toEqual(['BadRequest invalid_request']);
  });
});
