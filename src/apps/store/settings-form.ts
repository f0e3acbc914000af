import { createRequire } from 'node:module';
import type { ErrorObject, ValidateFunction } from 'ajv';
import { type Leaf, type NamedSections, recordShape, type Section } from '../../config/leaf.ts';
import { wanted } from '../../config/mistake.ts';
import { nearestKey } from '../../config/nearest-key.ts';
import { lateSync } from '../../kit/late.ts';
import { builtIn, type ProviderTable } from '../../providers/registry.ts';
import { refusedKeys, settingsPatchSchema, settingsSchema } from './settings-schema.ts';

/** With the first settings that are checked. @throws NotLoadedError */
const ajv = lateSync('ajv', () => createRequire(import.meta.url)('ajv') as typeof import('ajv'));

/** One thing wrong with the settings of an app: `ios.key_id`, and what it should be. */
export interface SettingMistake {
  readonly path: string;
  readonly reason: string;
}

type Kind = 'whole' | 'patch';
const schemas = { whole: settingsSchema, patch: settingsPatchSchema };

const LONGEST_KEY = 40;
/** Enough to mend; a body of 256 KiB may hold 50,000, and the search for the key that was meant takes its time. */
const MOST_MISTAKES = 50;

/** `/ios/key_id` → `ios.key_id`, without the places in lists. */
const pathOf = (pointer: string): string =>
  pointer
    .split('/')
    .slice(1)
    .filter((part) => !/^\d+$/.test(part))
    .join('.');

/** A key of the caller's is told back only when it looks like one. */
const tellable = (key: string): boolean => key.length <= LONGEST_KEY && /^[\w.-]+$/.test(key);

/** The form that the settings of an app have with the providers of a table. */
class SettingsForm {
  readonly #providers: ProviderTable;
  readonly #refused: Readonly<Record<string, string>>;
  readonly #known: readonly string[];
  readonly #compiled = new Map<Kind, ValidateFunction>();

  constructor(providers: ProviderTable) {
    this.#providers = providers;
    this.#refused = refusedKeys(providers);
    this.#known = this.#keysIn(providers.configSchema.app);
  }

  mistakes(body: unknown, kind: Kind): SettingMistake[] {
    const validate = this.#validator(kind);
    if (validate(body)) return [];
    const all = (validate.errors ?? []).slice(0, MOST_MISTAKES).map((error) => this.#mistake(error));
    return [...new Map(all.map((mistake) => [`${mistake.path} ${mistake.reason}`, mistake])).values()];
  }

  /** Loaded and compiled with the first request: most relays never get one. */
  #validator(kind: Kind): ValidateFunction {
    let validate = this.#compiled.get(kind);
    if (!validate) {
      const { Ajv } = ajv();
      validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(schemas[kind](this.#providers));
      this.#compiled.set(kind, validate);
    }
    return validate;
  }

  #keysIn(section: Section, prefix = ''): string[] {
    return Object.entries(section.properties).flatMap(([name, child]) => {
      const path = prefix + name;
      if (path in this.#refused) return [];
      return child.type === 'object' && child.additionalProperties === false
        ? [path, ...this.#keysIn(child, `${path}.`)]
        : [path];
    });
  }

  #mistake({ instancePath, keyword, params }: ErrorObject): SettingMistake {
    const path = pathOf(instancePath);
    const leaf = this.#leafAt(path);
    if (keyword === 'additionalProperties' && leaf === undefined)
      return this.#unknownKey(path, String(params.additionalProperty));
    if (keyword === 'enum') return { path, reason: `must be one of ${(params.allowedValues as string[]).join(', ')}` };
    return { path: path || '$', reason: leaf ? `must be ${wanted(leaf)}` : 'must be an object' };
  }

  #leafAt(path: string): Leaf | undefined {
    let at: Leaf | Section | NamedSections | undefined = this.#providers.configSchema.app;
    for (const part of path.split('.')) at = at && childOf(at, part);
    return at?.type === 'object' ? undefined : at;
  }

  #unknownKey(parent: string, key: string): SettingMistake {
    const path = parent === '' ? key : `${parent}.${key}`;
    const refused = Object.hasOwn(this.#refused, path) ? this.#refused[path] : undefined;
    if (refused) return { path, reason: refused };
    if (!tellable(key)) return { path: parent || '$', reason: 'holds an unknown key' };
    const near = nearestKey(path, this.#known);
    return { path, reason: `unknown key${near ? `, did you mean \`${near}\`?` : ''}` };
  }
}

function childOf(node: Section | NamedSections | Leaf, name: string): Leaf | Section | NamedSections | undefined {
  if (node.type !== 'object') return recordShape(node)?.properties[name];
  return node.additionalProperties === false ? node.properties[name] : node.additionalProperties;
}

/** Made once for each table: compiling takes a while. */
const forms = new WeakMap<ProviderTable, SettingsForm>();

/** What is wrong with the form of settings, or of a patch for them. */
export function formMistakes(
  body: unknown,
  kind: Kind = 'whole',
  providers: ProviderTable = builtIn,
): SettingMistake[] {
  const form = forms.get(providers) ?? new SettingsForm(providers);
  forms.set(providers, form);
  return form.mistakes(body, kind);
}
