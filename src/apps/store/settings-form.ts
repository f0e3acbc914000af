import { type Leaf, type NamedSections, recordShape, type Section } from '../../config/leaf.ts';
import { wanted } from '../../config/mistake.ts';
import { nearestKey } from '../../config/unknown/nearest-key.ts';
import { fits } from '../../config/validate.ts';
import { isObject } from '../../kit/is-object.ts';
import { builtIn, type ProviderTable } from '../../providers/registry.ts';
import { jsonKeys, refusedKeys } from './settings-schema.ts';

/** One thing wrong with the settings of an app: `ios.key_id`, and what it should be. */
export interface SettingMistake {
  readonly path: string;
  readonly reason: string;
}

/** Whole settings, or a merge patch (RFC 7396) for them, in which `null` takes a key away. */
type Kind = 'whole' | 'patch';

const LONGEST_KEY = 40;
/** Levels of objects and lists in a value that is an object: a credential within a credential has four. */
const MOST_NESTED = 6;
/** Enough to mend; a body of 256 KiB may hold 50,000, and the search for the key that was meant takes its time. */
const MOST_MISTAKES = 50;

/** A key of the caller's is shown in the answer only when it looks like one. */
const tellable = (key: string): boolean => key.length <= LONGEST_KEY && /^[\w.-]+$/.test(key);

/** What is said of a value, by the key of config.yml that it stands under. */
class SettingsForm {
  readonly #app: Section;
  readonly #refused: Readonly<Record<string, string>>;
  readonly #json: ReturnType<typeof jsonKeys>;
  readonly #known: readonly string[];

  constructor(providers: ProviderTable) {
    this.#app = providers.configSchema.app;
    this.#refused = refusedKeys(providers);
    this.#json = jsonKeys(providers);
    this.#known = this.#keysIn(this.#app);
  }

  mistakes(body: unknown, kind: Kind): SettingMistake[] {
    const found = new Map<string, SettingMistake>();
    for (const mistake of this.#section(this.#app, body, '', kind)) {
      found.set(`${mistake.path} ${mistake.reason}`, mistake);
      if (found.size === MOST_MISTAKES) break;
    }
    return [...found.values()];
  }

  *#section(section: Section | NamedSections, value: unknown, path: string, kind: Kind): Generator<SettingMistake> {
    if (!isObject(value)) return yield { path: path || '$', reason: 'must be an object' };
    for (const [key, inner] of Object.entries(value)) {
      const at = path === '' ? key : `${path}.${key}`;
      const child = Object.hasOwn(this.#refused, at) ? undefined : childOf(section, key);
      if (!child) yield this.#unknownKey(path, key);
      else if (inner === null && kind === 'patch') continue;
      else if (child.type === 'object') yield* this.#section(child, inner, at, kind);
      else yield* this.#value(child, inner, at);
    }
  }

  *#value(leaf: Leaf, value: unknown, path: string): Generator<SettingMistake> {
    const json = Object.hasOwn(this.#json, path) ? this.#json[path] : undefined;
    const shape = recordShape(leaf);
    if (json?.enum) {
      if (!json.enum.some((word) => word === value)) yield { path, reason: `must be one of ${json.enum.join(', ')}` };
    } else if (json?.type.includes('object') && isObject(value)) {
      // What is in it is the provider's to read, but that it ends.
      if (!isShallow(value, MOST_NESTED)) yield { path, reason: `must be nested ${MOST_NESTED} levels deep at most` };
    } else if (shape && Array.isArray(value)) {
      for (const record of value) {
        if (!isObject(record)) yield mistakeAt(leaf, path);
        else
          for (const [key, inner] of Object.entries(record)) {
            const child = Object.hasOwn(shape.properties, key) ? shape.properties[key] : undefined;
            if (!child) yield mistakeAt(leaf, path);
            else if (!fits(child, inner)) yield mistakeAt(child, `${path}.${key}`);
          }
      }
    } else if (!fits(leaf, value)) yield mistakeAt(leaf, path);
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

  #unknownKey(parent: string, key: string): SettingMistake {
    const path = parent === '' ? key : `${parent}.${key}`;
    const refused = Object.hasOwn(this.#refused, path) ? this.#refused[path] : undefined;
    if (refused) return { path, reason: refused };
    if (!tellable(key)) return { path: parent || '$', reason: 'holds an unknown key' };
    const near = nearestKey(path, this.#known);
    return { path, reason: `unknown key${near ? `, did you mean \`${near}\`?` : ''}` };
  }
}

const isShallow = (value: unknown, levels: number): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (levels > 0 && Object.values(value).every((inner) => isShallow(inner, levels - 1)));

const mistakeAt = (leaf: Leaf, path: string): SettingMistake => ({ path, reason: `must be ${wanted(leaf)}` });

function childOf(node: Section | NamedSections, name: string): Leaf | Section | NamedSections | undefined {
  if (node.additionalProperties !== false) return node.additionalProperties;
  return Object.hasOwn(node.properties, name) ? node.properties[name] : undefined;
}

/** One for each table. */
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
