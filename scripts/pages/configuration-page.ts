import { isDocument, type Leaf, type NamedSections, type Section } from '../../src/config/leaf.ts';
import { environmentName } from '../../src/config/schema.ts';
import { builtIn, type ProviderTable } from '../../src/providers/registry.ts';
import { cell } from './cell.ts';

const HEAD = `# Configuration

<!-- Generated from src/config/schema.ts by \`npm run docs\`. -->

Martlet reads Gorush's \`config.yml\` as it is. Each setting is taken from the first of these that has it:

1. the command line (\`martlet --help\`),
2. the environment: the name in the tables with \`MARTLET_\` instead of \`GORUSH_\`, then that name itself; an empty one counts as not
   set, a list is split at spaces,
3. the file: the one that \`-c\` names, else the first of \`/etc/gorush/config.yml\`, \`$HOME/.gorush/config.yml\`, \`./config.yml\`
   (\`.json\` and \`.yaml\` are found as well),
4. the default.

All mistakes are reported at once, each with its key, file, line and column (\`[config.yml:12:3]\`) and, where Gorush has a text for it, that in parentheses; the process ends with 1. Unknown keys and unknown \`GORUSH_\` or \`MARTLET_\` variables are warned of with
the nearest known name; \`martlet check\` fails on them. A top-level key that begins with \`x-\` is left alone, for YAML anchors.

A platform is on when its \`enabled\` says so. When nothing says so, it follows the default, but never without credentials: an iOS-only file
need not switch Android off. With \`sandbox.enabled\` all are on that are not switched off, and need no credentials.

Keys marked ✦ are Martlet's own; Gorush ignores them. Keys marked 🔒 read \`[REDACTED]\` in GET /api/config and are never printed.
Durations are in seconds, fractions allowed, or texts such as \`5s\`, \`1h30m\`, \`250ms\`.
`;

const byDefault = (leaf: Leaf): string => {
  if (isDocument(leaf)) return `\`${JSON.stringify(leaf.default)}\``;
  if (leaf.unit === 'bytes') return `${Number(leaf.default) / 2 ** 20} MiB`;
  return Array.isArray(leaf.default) ? 'none' : leaf.default === '' ? 'empty' : `\`${leaf.default}\``;
};

function row(path: string, leaf: Leaf, partial: boolean): string {
  const marks = `${leaf.martlet ? ' ✦' : ''}${leaf.public ? '' : ' 🔒'}`;
  const absent = partial ? 'not set' : byDefault(leaf);
  return `| \`${path}\`${marks} | \`GORUSH_${environmentName(path)}\` | ${absent} | ${cell(leaf.description)} |`;
}

type Sections = Section['properties'];

/** A section that stands elsewhere on the page as well is named once more, not told once more. */
function elsewhere(part: Section, page: Sections): string | undefined {
  return Object.entries(page).find(([, section]) => section === part)?.[0];
}

function rows(part: Section, prefix: string, page: Sections, partial = false): string[] {
  return Object.entries(part.properties).flatMap(([name, child]) => {
    if (child.type !== 'object') return [row(prefix + name, child, partial)];
    if (child.additionalProperties !== false)
      return namedRows(child, child.inline ? prefix : `${prefix}${name}.`, page);
    const same = prefix === '' ? undefined : elsewhere(child, page);
    if (!same) return rows(child, `${prefix}${name}.`, page, partial);
    const path = `${prefix}${name}`;
    return [`| \`${path}.…\` ✦ | \`GORUSH_${environmentName(path)}_…\` | not set | The keys of \`${same}\`. |`];
  });
}

const namedRows = ({ additionalProperties: entry, partial }: NamedSections, prefix: string, page: Sections): string[] =>
  rows(entry, `${prefix}<name>.`, page, partial ?? false);

const table = (name: string, part: Section, page: Sections): string =>
  [
    `## ${name}`,
    '',
    part.description,
    '',
    '| key | environment | default | meaning |',
    '|---|---|---|---|',
    ...rows(part, `${name}.`, page),
    '',
  ].join('\n');

/** docs/configuration.md: every key with its environment name, default and meaning. */
export function configurationPage({ configSchema }: ProviderTable = builtIn): string {
  const page = configSchema.root.properties;
  return [HEAD, ...Object.entries(page).map(([name, part]) => table(name, part as Section, page))].join('\n');
}
