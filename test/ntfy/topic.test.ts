import { describe, expect, test } from 'vitest';
import { topicOf } from '../../src/ntfy/topic.ts';

describe('a target of ntfy', () => {
  test.each([
    ['a topic', 'alerts', 'alerts'],
    ['a topic with all that it may hold', '-_aZ09', '-_aZ09'],
    ['the URL of a topic on our server', 'https://ntfy.example.com/base/alerts', 'alerts'],
  ])('%s', (_, target, topic) => {
    expect(topicOf(target, 'https://ntfy.example.com/base/')).toBe(topic);
  });

  test.each([
    ['empty', ''],
    ['longer than 64 characters', 'a'.repeat(65)],
    ['a path of the server', 'v1'],
    ['a path below a topic', 'https://ntfy.example.com/base/alerts/json'],
    ['a path beside the base', 'https://ntfy.example.com/v1/account'],
    ['another server', 'https://ntfy.sh/alerts'],
    ['another server whose name begins alike', 'https://ntfy.example.com.evil.example/base/alerts'],
    ['another scheme', 'http://ntfy.example.com/base/alerts'],
    ['a query', 'https://ntfy.example.com/base/alerts?auth=x'],
    ['an escaped slash', 'https://ntfy.example.com/base/a%2Fb'],
    ['a step upwards', 'https://ntfy.example.com/base/../v1'],
    ['user information', 'https://ntfy.example.com@evil.example/base/alerts'],
    ['a line break', 'alerts\n'],
  ])('%s is not a topic', (_, target) => {
    expect(topicOf(target, 'https://ntfy.example.com/base')).toBeUndefined();
  });
});
