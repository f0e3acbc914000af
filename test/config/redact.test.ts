import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { recordShape } from '../../src/config/leaf.ts';
import { configView } from '../../src/config/redact.ts';
import { buildConfig, type FullConfig as Config, configKeys, configSchema } from '../support/config.ts';

/** A configuration whose texts all hold the canary, unless the key is one that anybody may see. */
const poisoned = (canary: string, everywhere = false): Config =>
  buildConfig(({ leaf }) => {
    if (leaf.public && !everywhere) return leaf.default;
    const shape = recordShape(leaf);
    if (shape)
      return [
        Object.fromEntries(
          Object.entries(shape.properties).map(([key, { public: open }]) => [key, open && !everywhere ? '' : canary]),
        ),
      ];
    return leaf.type === 'array' ? [canary, canary] : leaf.type === 'string' ? canary : leaf.default;
  });

test('no key that is not marked public is shown', () => {
  expect(stringify(configView(poisoned('canary'), configSchema))).not.toContain('canary');
});

test.each([
  'https://user:canary@host/path',
  'https://canary@host',
  'https://host/path?token=canary',
  'redis://:can@nary,canary@host:1/0',
  'user:canary@host:6379',
  'nats://a:canary@one,nats://b:canary@two',
  'https://u:p/canary@host',
])('user, password and query are taken out of every address: %s', (url) => {
  const text = stringify(configView(poisoned(url, true), configSchema));
  expect(text).not.toContain('canary');
});

test('the rest of an address stays', () => {
  const config = { core: { feedback_hook_url: 'https://u:p@host:1/a/b@c?x=1' } };
  const view = configView({ ...poisoned('x'), core: { ...poisoned('x').core, ...config.core } }, configSchema);
  expect(view.core).toMatchObject({ feedback_hook_url: 'https://[REDACTED]@c?[REDACTED]' });
  const plain = { ...poisoned('x').core, feedback_hook_url: 'https://host:1/a@b' };
  expect(configView({ ...poisoned('x'), core: plain }, configSchema).core).toMatchObject({
    feedback_hook_url: 'https://host:1/a@b',
  });
});

test('an empty secret stays empty, each header is redacted by itself', () => {
  const config = buildConfig(({ path, leaf }) => (path === 'core.feedback_header' ? ['a:1', ''] : leaf.default));
  const { core, ios } = configView(config, configSchema) as Config;
  expect(ios.password).toBe('');
  expect(core.feedback_header).toEqual(['[REDACTED]', '']);
  expect(core.cert_path).toBe('[REDACTED]');
});

test('the words that hint at a secret are not public', () => {
  const suspicious = configKeys.filter(({ path }) =>
    /secret|password|username|key_|credential|cert_|header$|proxy/.test(path),
  );
  expect(suspicious.filter(({ leaf }) => leaf.public).map(({ path }) => path)).toEqual(['ios.key_type']);
});
