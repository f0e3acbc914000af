/** What is asked of every row of the table, a new one included. */
import { globSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { configurationPage } from '../../scripts/pages/configuration-page.ts';
import { errorsPage } from '../../scripts/pages/errors-page.ts';
import { apiSettings } from '../../src/api/openapi/api-settings.ts';
import { openApiDocument } from '../../src/api/openapi/document.ts';
import type { ProviderRow, SectionValues } from '../../src/carrier/provider-row.ts';
import { parseCommandLine } from '../../src/cli/command-line.ts';
import { usageText } from '../../src/cli/usage.ts';
import { reasonWords } from '../../src/observe/metrics/reason-words.ts';
import { adviceFor, relayReasons } from '../../src/providers/advice.ts';
import { builtIn, providers, providerTable } from '../../src/providers/registry.ts';
import { type Sandbox, startSandbox } from '../../src/providers/start-sandbox.ts';
import { keysOfSection } from '../support/config.ts';
import { pager } from './pager/provider.ts';

const table = providerTable([...providers, pager]);
const rows: readonly (readonly [string, ProviderRow])[] = table.rows.map((row) => [row.name, row]);
const { configSchema } = table;
const defaults = configSchema.build(({ leaf }) => leaf.default);
const sectionOf = ({ platform }: ProviderRow): SectionValues =>
  (defaults as unknown as Record<string, SectionValues>)[platform] as SectionValues;

describe.each(rows)('%s', (_, row) => {
  test('has names that fit into labels, paths and flags', () => {
    expect(row.platform).toMatch(/^[a-z][a-z0-9]{1,15}$/);
    expect(row.name).toMatch(/^[a-z][a-z0-9]{1,15}$/);
    expect(row.number).toBeGreaterThan(0);
    for (const field of Object.keys(row.requests.fields ?? {})) expect(field).toMatch(/^[a-z][a-z_]*$/);
  });

  test('says of every reason what to do, and every reason is a label and on the page of errors', () => {
    const page = errorsPage(table);
    const words = reasonWords(table);
    for (const [reason, { category, advice }] of Object.entries(row.reasons)) {
      expect(advice, reason).toMatch(/^.{12,}[.…)`"]$/s);
      expect(adviceFor({ reason, category, provider: row.name }, table), reason).toBeTypeOf('string');
      expect(words, reason).toContain(reason);
      expect(page).toContain(`| \`${reason}\` |`);
      // A word of the relay goes before: it would never be told what this provider says of it.
      if (Object.hasOwn(relayReasons, reason)) expect(relayReasons[reason]?.category, reason).toBe(category);
    }
    for (const word of row.moreReasons ?? []) expect(words).toContain(word);
  });

  test('knows what a status means whose word it does not know, and never that the target is dead for it', () => {
    for (let status = 300; status < 600; status++) {
      const { category, advice } = row.unknownReason(status);
      expect(advice).not.toBe('');
      if (status !== 404 && status !== 410) expect(category, String(status)).not.toBe('invalid_token');
      // A reply code of SMTP says "later" with 4xx and "never" with 5xx (RFC 5321 section 4.2.1), the reverse of HTTP.
      const saysLater = row.name === 'email' ? status >= 400 && status < 500 : status >= 500 || status === 429;
      if (saysLater) expect(category, String(status)).toBe('unavailable');
    }
  });

  test('has every key on the page of the configuration, and four that all sections have', () => {
    const page = configurationPage(table);
    const keys = configSchema.keys.filter(({ path }) => path.startsWith(`${row.platform}.`));
    for (const { path } of keys) expect(page).toContain(`| \`${path}\``);
    const own = Object.keys(row.section.properties);
    expect(own).toEqual(expect.arrayContaining(['enabled', 'max_retry', 'rate_limit', 'request_timeout']));
  });

  test('names keys of its section wherever it names keys', () => {
    const keys = new Set(keysOfSection(row.section));
    const { identity, stored } = row.settings;
    const named = [
      ...identity.whole,
      ...identity.all,
      ...Object.keys(stored.refused),
      ...Object.keys(stored.json ?? {}),
      ...(stored.expiring ? [stored.expiring] : []),
      ...(row.look.flags ?? []).map(({ key }) => key),
    ];
    for (const name of named) expect(keys, name).toContain(name);
    expect(identity.all).toEqual(expect.arrayContaining([...identity.whole]));
  });

  test('is off without a credential, and says what is missing', () => {
    expect(row.settings.isGiven(sectionOf(row), {})).toBe(false);
    expect(row.settings.stored.facts({})).toBeUndefined();
  });

  test('describes its request fields, and shows a request of each kind in the API', () => {
    const { components, paths } = openApiDocument(apiSettings(defaults, false, table), '0.0.0');
    const notification = components.schemas.Notification as { properties: Record<string, { description?: string }> };
    for (const [field, { component }] of Object.entries(row.requests.fields ?? {})) {
      expect(notification.properties).toHaveProperty(field);
      if (component) expect(components.schemas).toHaveProperty(component);
    }
    const push = paths['/api/push']?.post;
    const [content] = Object.values(push?.requestBody?.content ?? {});
    for (const name of Object.keys(row.requests.examples)) expect(content?.examples).toHaveProperty(name);
  });

  test('has examples that the decoder takes', () => {
    for (const { notification } of Object.values(row.requests.examples)) {
      const decoded = table.decoder.decode(JSON.stringify({ notifications: [notification] }));
      expect(decoded).toMatchObject({ ok: true, notifications: [{ platform: row.number }] });
    }
  });

  test('has flags, and a push from the command line', () => {
    const usage = usageText(table);
    for (const { names } of row.look.flags ?? []) for (const name of names) expect(usage).toMatch(`-${name}`);
    for (const argv of [
      [`--${row.platform}`, '-t', 'x', '-m', 'hi'],
      ['send', `--${row.platform}`, '-t', 'x', '-m', 'hi'],
    ])
      expect(parseCommandLine(argv, table)).toMatchObject({
        kind: 'send',
        platform: row.platform,
        notification: { platform: row.number, tokens: ['x'], message: 'hi' },
      });
  });

  describe('simulated', () => {
    let sandbox: Sandbox;
    beforeAll(async () => {
      sandbox = await startSandbox({ providers: providerTable([row]) });
    });
    afterAll(() => sandbox.close());

    test('takes a credential that its own section holds, and that is complete', async () => {
      const settings = sandbox.providers.get(row.platform)?.settings ?? {};
      const keys = new Set(keysOfSection(row.section));
      for (const key of Object.keys(settings)) expect(keys).toContain(key);
      const section = { ...sectionOf(row), ...settings };
      expect(row.settings.isGiven(section, {})).toBe(true);
      expect(row.settings.troubles(section, { cwd: '.', env: {} })).toEqual([]);
      expect(() => row.settings.read?.(section, {})).not.toThrow();
      const told = await row.settings.describe(section, {});
      expect(told).not.toBe('');
      for (const [key, value] of Object.entries(settings))
        if (/(secret|password|token|key|base64|credential)$/.test(key) && value !== '')
          expect(told).not.toContain(value);
    });
  });
});

describe('a row', () => {
  /** Files that a file imports with its first line, however many imports away. */
  function reached(path: string, seen = new Set<string>()): Set<string> {
    if (seen.has(path)) return seen;
    seen.add(path);
    const text = path.startsWith('src/') ? readFileSync(path, 'utf8') : '';
    for (const [, target = ''] of text.matchAll(/^(?:import|export)\s(?!type\s)[^;]*?from '([^']+)'/gms)) {
      if (/^import type/.test(target)) continue;
      reached(target.startsWith('.') ? posix.join(posix.dirname(path), target) : target, seen);
    }
    return seen;
  }

  test('imports nothing that sends or simulates: a provider that is off costs its row', () => {
    const paths = globSync('src/*/provider.ts').map((path) => path.replaceAll('\\', '/'));
    expect(paths).toHaveLength(builtIn.rows.length);
    const wrong = paths.flatMap((path) => {
      const folder = posix.dirname(path);
      return [...reached(path)]
        .filter(
          (file) => file.startsWith(`${folder}/`) && /\/(open|transport|sandbox[\w-]*|[\w-]*server)\.ts$/.test(file),
        )
        .map((file) => `${path} reaches ${file}`);
    });
    expect(wrong).toEqual([]);
    const packages = new Set(
      paths.flatMap((path) => [...reached(path)]).filter((name) => !/^(src\/|node:)/.test(name)),
    );
    expect([...packages].filter((name) => name !== 'yaml')).toEqual([]);
  });

  test('is not added twice, by number, name, platform or field', () => {
    const other = { ...pager, number: 98, name: 'bleeps', platform: 'bleeper' };
    expect(() => providerTable([pager, other])).toThrow('field');
    const clashing = { ...other, requests: { ...pager.requests, fields: {} } };
    for (const key of ['number', 'name', 'platform'] as const)
      expect(() => providerTable([pager, { ...clashing, [key]: pager[key] }])).toThrow(String(pager[key]));
  });
});
