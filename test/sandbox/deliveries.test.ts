import { expect, test } from 'vitest';
import { apnsView } from '../../src/apns/sandbox/sandbox-view.ts';
import { Deliveries, type DeliveryView } from '../../src/sandbox/deliveries.ts';
import { messageView } from '../../src/sandbox/message-view.ts';

const record = (deliveries: Deliveries, target: string, payload: string, view: DeliveryView = apnsView) =>
  deliveries.record({
    at: 0,
    platform: 'any',
    view,
    environment: 'production',
    kind: 'token',
    target,
    id: '',
    headers: { authorization: 'bearer x', ':path': '/', 'apns-topic': 'com.example.app' },
    payload: Buffer.from(payload),
  });

test('the last ones are kept, oldest first', () => {
  const deliveries = new Deliveries(3);
  for (const target of ['a', 'b', 'c', 'd', 'e']) record(deliveries, target, '{}');
  expect(deliveries.list().map(({ target }) => target)).toEqual(['c', 'd', 'e']);
  expect(deliveries.total).toBe(5);
});

test('title and body come from where the platform takes them', () => {
  const deliveries = new Deliveries();
  record(deliveries, 'a', '{"aps":{"alert":"plain"}}');
  record(deliveries, 'b', '{"aps":{"alert":{"title":"t","body":"b"}}}');
  const message = { notification: { title: 'common', body: 'b' }, android: { notification: { title: 'own' } } };
  record(deliveries, 'c', JSON.stringify({ message }), messageView);
  record(deliveries, 'd', '{"aps":{}}');
  expect(deliveries.list().map(({ title, body }) => [title, body])).toEqual([
    [undefined, 'plain'],
    ['t', 'b'],
    ['own', 'b'],
    [undefined, undefined],
  ]);
});

test('credentials are not shown, and a payload that is no JSON is shown as text', () => {
  const deliveries = new Deliveries();
  record(deliveries, 'a', 'text');
  expect(deliveries.list()[0]).toMatchObject({ headers: { 'apns-topic': 'com.example.app' }, payload: 'text' });
  expect(JSON.stringify(deliveries.list())).not.toContain('bearer');
});
