import { expect, test } from 'vitest';
import { decodePushRequest } from '../../../src/push/wire/decode-push-request.ts';

function decoded(huawei_notification: unknown) {
  const result = decodePushRequest(
    JSON.stringify({ notifications: [{ platform: 3, tokens: ['h'], huawei_notification }] }),
  );
  return result.ok ? result.notifications[0]?.huawei_notification : result.details.map(({ path }) => path);
}

const at = (path: string) => [`notifications[0].huawei_notification.${path}`];

test('what go-hms-push has no field for is dropped', () => {
  expect(decoded({ title: 'T', when: 'x', buttons: [], click_action: { type: 3, x: 1 } })).toEqual({
    title: 'T',
    click_action: { type: 3 },
  });
});

test('values that are refused only when sending are kept as written', () => {
  const wild = {
    color: 'red',
    importance: 'NOPE',
    visibility: 'NOPE',
    click_action: { type: 9 },
    badge: { set_num: -1 },
  };
  expect(decoded(wild)).toEqual(wild);
});

test.each([
  [{ light_settings: { color: { red: 0.5 } } }, 'light_settings.color.red'],
  [{ click_action: { type: '1' } }, 'click_action.type'],
  [{ multi_lang_key: 'x' }, 'multi_lang_key'],
  [{ vibrate_config: [1] }, 'vibrate_config[0]'],
  [{ foreground_show: 'true' }, 'foreground_show'],
])('%j is refused', (fields, path) => {
  expect(decoded(fields)).toEqual(at(path));
});
