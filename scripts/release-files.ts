/** Reads a file of the repository. @throws when it is not there. */
export type Read = (path: string) => string;

const escaped = (text: string): string => text.replace(/[.+*?^${}()|[\]\\]/g, '\\$&');

/** Places that name the version: the file, and what stands around it. Each must be found. */
const PLACES: readonly (readonly [path: string, before: string, after: string])[] = [
  ['deploy/helm/martlet/Chart.yaml', '\nversion: ', '\n'],
  ['deploy/helm/martlet/Chart.yaml', '\nappVersion: "', '"\n'],
  ['deploy/kubernetes/kustomization.yaml', 'newTag: "', '"\n'],
  ['compose.yaml', 'image: martlet:', '\n'],
  ['docs/migrating-from-gorush.md', 'image: martlet:', '\n'],
];

function withVersion(text: string, path: string, keys: readonly string[], version: string): string {
  const json = JSON.parse(text);
  let target = json;
  for (const key of keys.slice(0, -1)) target = target?.[key];
  const last = keys.at(-1)!;
  if (typeof target?.[last] !== 'string') throw new Error(`${path}: there is no ${keys.join('.')}`);
  target[last] = version;
  return `${JSON.stringify(json, null, 2)}\n`;
}

/** The part of the changelog that is not released yet, without its heading. @throws when there is no such heading. */
export function pendingChanges(changelog: string): string {
  const found = /^## Pending *\n([\s\S]*?)(?=^## |(?![\s\S]))/m.exec(changelog);
  if (!found) throw new Error('CHANGELOG.md has no heading "## Pending"');
  return found[1]!.trim();
}

const released = (changelog: string, version: string, date: string): string =>
  changelog.replace(/^## Pending *\n/m, `## Pending\n\n## ${version} – ${date}\n`);

/** Every file that a release changes, with its new content. `date` is ISO 8601. @throws when a place is not as expected. */
export function releaseFiles(read: Read, version: string, date: string): Map<string, string> {
  const files = new Map<string, string>();
  const text = (path: string): string => files.get(path) ?? read(path);
  const old: string = JSON.parse(read('package.json')).version;
  files.set('package.json', withVersion(text('package.json'), 'package.json', ['version'], version));
  for (const keys of [['version'], ['packages', '', 'version']])
    files.set('package-lock.json', withVersion(text('package-lock.json'), 'package-lock.json', keys, version));
  for (const [path, before, after] of PLACES) {
    const place = new RegExp(`${escaped(before)}${escaped(old)}(?=${after})`, 'g');
    const content = text(path);
    if (!place.test(content)) throw new Error(`${path}: ${(before + old).trim()} is not there`);
    files.set(path, content.replace(place, before + version));
  }
  files.set('CHANGELOG.md', released(text('CHANGELOG.md'), version, date));
  return files;
}
