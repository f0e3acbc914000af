import { readFileSync } from 'node:fs';
import { apiSettings } from '../../src/api/openapi/api-settings.ts';
import { openApiDocument } from '../../src/api/openapi/document.ts';
import { builtIn } from '../../src/providers/registry.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** The description of the API with nothing configured, but with the routes of every part, and keys. */
export function openApiPage(): string {
  const settings = apiSettings(
    builtIn.configSchema.build(({ leaf }) => leaf.default),
    true,
  );
  return `${JSON.stringify(openApiDocument({ ...settings, sandbox: true, auth: true, hub: true, hubTest: true }, version), null, 2)}\n`;
}
