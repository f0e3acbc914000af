import { describe, expect, test } from 'vitest';
import { maskedNumber } from '../../src/sms/masked-number.ts';
import { phoneNumber } from '../../src/sms/number.ts';

describe('a telephone number', () => {
  test.each([
    ['+4915112345678', '+4915112345678'],
    [' +49 (151) 123-456 78', '+4915112345678'],
    ['+15005550006', '+15005550006'],
    ['+390612345678', '+390612345678'],
  ])('%s goes out as %s', (text, number) => {
    expect(phoneNumber(text)).toBe(number);
  });

  test.each([
    ['without a country code', '015112345678'],
    ['with an international prefix in place of the plus', '004915112345678'],
    ['with an unknown country code', '+9991234567'],
    ['too short', '+4912'],
    ['too long', `+49${'1'.repeat(20)}`],
    ['longer than anything written', `+49151${' '.repeat(100_000)}12345678`],
    ['a text', 'call me'],
    ['a text around a number', 'call +4915112345678'],
    ['empty', ''],
  ])('%s is not one', (_, text) => {
    expect(phoneNumber(text)).toBeUndefined();
  });

  test('a mask keeps the country and the end', () => {
    expect(maskedNumber('+4915112345678')).toBe('+49*********78');
    expect(maskedNumber('12345')).toBe('*****');
  });
});
