/**
 * Fails when a package that package-lock.json names has a licence that is not on the list: node scripts/check-licences.ts [folder].
 * Nothing of what is only for development is shipped; there MPL-2.0 is fine, too.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SHIPPED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'MIT-0',
  'Unlicense',
]);
const DEVELOPMENT = new Set([...SHIPPED, 'CC-BY-4.0', 'CC0-1.0', 'MPL-2.0', 'Python-2.0']);

/** Packages without a licence field whose readme has the text of a licence. */
const STATED: Readonly<Record<string, string>> = { 'urlsafe-base64@1.0.0': 'MIT' };

interface Locked {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
}

/** An SPDX expression without nested brackets: one of the sides of OR, all of the sides of AND. */
const allowed = (expression: string, list: ReadonlySet<string>): boolean =>
  expression
    .replace(/^\((.*)\)$/, '$1')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((name) => list.has(name.trim())));

/** Some registries leave the licence out of what the lock file is made from; the package itself has it. */
function licenceOf(folder: string, path: string, { license, version }: Locked): string | undefined {
  if (license) return license;
  const stated = STATED[`${path.replace(/^.*node_modules\//, '')}@${version}`];
  if (stated) return stated;
  const file = join(folder, path, 'package.json');
  const own = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).license : undefined;
  return typeof own === 'string' ? own : undefined;
}

const folder = process.argv[2] ?? '.';
const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, Locked>;
};
const found = Object.entries(packages)
  .filter(([path, { link }]) => path !== '' && !link)
  .map(([path, locked]) => ({ path, dev: locked.dev ?? false, licence: licenceOf(folder, path, locked) }));
const wrong = found.filter(({ dev, licence }) => !licence || !allowed(licence, dev ? DEVELOPMENT : SHIPPED));

for (const { path, licence } of wrong) console.error(`${path}: ${licence ?? 'no licence'}`);
const shipped = found.filter(({ dev }) => !dev).length;
console.log(
  `${found.length} packages, ${shipped} of them shipped: ${wrong.length} with a licence that is not on the list`,
);
process.exitCode = wrong.length > 0 ? 1 : 0;
