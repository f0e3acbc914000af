/**
 * The pieces that the schema of config.yml is put together from. Each is plain JSON Schema; `unit`, `public`, `martlet`, `foldCase`,
 * `inline` and `partial` are annotations of ours.
 */

interface Extras {
  /** Shown by /api/config and in errors as it is. Keys without this mark are redacted, so a new key is a secret by default. */
  public?: true;
  /** A key that Gorush does not have. */
  martlet?: true;
  minimum?: number;
  maximum?: number;
  pattern?: string;
  /** What `pattern` means, for the error: "must be …". */
  wanted?: string;
}

const open = { public: true } as const;
/** For a key that is not a secret. */
export const shown: { public: true } = open;
/** For a key of Martlet's own that is not a secret. */
export const ours: { public: true; martlet: true } = { ...open, martlet: true };

export const text = (byDefault: string, description: string, extras: Extras = {}) =>
  ({ type: 'string', default: byDefault, description, ...extras }) as const;

export const flag = (byDefault: boolean, description: string, extras: Extras = open) =>
  ({ type: 'boolean', default: byDefault, description, ...extras }) as const;

export const integer = (byDefault: number, description: string, extras: Extras = open) =>
  ({ type: 'integer', default: byDefault, description, ...extras }) as const;

/** A duration or a rate; fractions allowed. */
export const seconds = (byDefault: number, description: string, extras: Extras = open) =>
  ({ type: 'number', unit: 'seconds', default: byDefault, description, minimum: 0, ...extras }) as const;

export const perSecond = (byDefault: number, description: string, extras: Extras = open) =>
  ({ type: 'number', unit: 'per second', default: byDefault, description, minimum: 0, ...extras }) as const;

/** A part of the whole. */
export const share = (byDefault: number, description: string, extras: Extras = open) =>
  ({ type: 'number', default: byDefault, description, minimum: 0, maximum: 1, ...extras }) as const;

/** Of one thing, in whatever money is meant. */
export const price = (byDefault: number, description: string, extras: Extras = ours) =>
  ({ type: 'number', default: byDefault, description, minimum: 0, ...extras }) as const;

/** A number of bytes; may be written as `10MiB`, `512KiB`, `5MB`. */
export const bytes = (byDefault: number, description: string, extras: Extras = open) =>
  ({ type: 'integer', unit: 'bytes', default: byDefault, description, minimum: 1, ...extras }) as const;

/** Texts; an environment variable is split at white space. */
export const list = (description: string, extras: Extras = {}) =>
  ({ type: 'array', items: { type: 'string' }, default: [] as readonly string[], description, ...extras }) as const;

export const choice = <const Word extends string>(
  words: readonly Word[],
  byDefault: Word,
  description: string,
  extras: Extras & { foldCase?: true } = open,
) => ({ type: 'string', enum: words, default: byDefault, description, ...extras }) as const;

export const section = <const Keys extends object>(description: string, properties: Keys) =>
  ({ type: 'object', additionalProperties: false, description, properties }) as const;

/** Texts of which each is one of the words. */
export const words = <const Word extends string>(
  allowed: readonly Word[],
  description: string,
  extras: Extras = open,
) =>
  ({
    type: 'array',
    items: { type: 'string', enum: allowed },
    default: [] as readonly Word[],
    description,
    ...extras,
  }) as const;

/** Records alike, in a list: each has texts under these keys. A variable holds them as JSON. */
export const records = <const Keys extends Readonly<Record<string, Leaf>>>(
  keys: Keys,
  description: string,
  extras: Extras = {},
) =>
  ({
    type: 'array',
    items: { type: 'object', additionalProperties: false, properties: keys },
    default: [] as const,
    description,
    ...extras,
  }) as const;

/** What a document holds, as far as the schema knows. */
export type ConfigDocument = string | { readonly [key: string]: unknown };

/**
 * A map whose keys the part understands that it belongs to, or a word in its place; that part checks it. A variable holds the map as
 * JSON. @param wanted what may stand here
 */
export const document = (
  byDefault: ConfigDocument,
  description: string,
  extras: Extras & { readonly wanted: string },
) => ({ type: ['object', 'string'], default: byDefault, description, ...extras }) as const;

interface MapExtras {
  /** The names stand beside the other keys of the section that holds the map; the map's own key is not written in the file. */
  inline?: true;
  /** A key that is not given is absent, and does not get its default: for entries that lie over other settings. */
  partial?: true;
}

/** Sections alike, each under a name that the file chooses. Read as an object without a prototype, so that no name is there by itself. */
export const mapOf = <const Entry extends object, const Extra extends MapExtras = object>(
  entry: Entry,
  description: string,
  extras: Extra = {} as Extra,
) => ({ type: 'object', additionalProperties: entry, description, ...extras }) as const;

/** One key of config.yml, as JSON Schema with our annotations. */
export interface Leaf extends Extras {
  readonly type: 'string' | 'boolean' | 'integer' | 'number' | 'array' | readonly ['object', 'string'];
  readonly description: string;
  readonly default: string | boolean | number | readonly string[] | ConfigDocument;
  readonly enum?: readonly string[];
  readonly items?: { readonly type: 'string'; readonly enum?: readonly string[] } | RecordShape;
  readonly unit?: 'seconds' | 'per second' | 'bytes';
  /** Upper and lower case mean the same; the configuration holds lower case. */
  readonly foldCase?: true;
}

/** What `records` are: all keys are there once the configuration is read. */
export interface RecordShape {
  readonly type: 'object';
  readonly additionalProperties: false;
  readonly properties: Readonly<Record<string, Leaf>>;
}

/** The shape of the records in a list; undefined for every other key. */
export const recordShape = ({ items }: Leaf): RecordShape | undefined => (items?.type === 'object' ? items : undefined);

/** The words that an item of a list may be; undefined where it is free. */
export const itemWords = ({ items }: Leaf): readonly string[] | undefined =>
  items?.type === 'string' ? items.enum : undefined;

/** Whether a key holds a map of its own keys. */
export const isDocument = ({ type }: Leaf): boolean => Array.isArray(type);

export interface Section {
  readonly type: 'object';
  readonly additionalProperties: false;
  readonly description: string;
  readonly properties: { readonly [key: string]: Leaf | Section | NamedSections };
}

/** What `mapOf` makes. */
export interface NamedSections extends MapExtras {
  readonly type: 'object';
  readonly additionalProperties: Section;
  readonly description: string;
}

type FromKeys<Keys> = { readonly [K in keyof Keys]: FromSchema<Keys[K]> };

type PartialFrom<S> = S extends { properties: infer Keys }
  ? { readonly [K in keyof Keys]?: PartialFrom<Keys[K]> }
  : FromSchema<S>;

/** The TypeScript type of what a schema describes, once its defaults are filled in. */
export type FromSchema<S> = S extends { type: readonly ['object', 'string'] }
  ? ConfigDocument
  : S extends { enum: readonly (infer Word)[] }
    ? Word
    : S extends { properties: infer Keys }
      ? FromKeys<Keys>
      : S extends { type: 'object'; additionalProperties: infer Entry }
        ? { readonly [name: string]: S extends { partial: true } ? PartialFrom<Entry> : FromSchema<Entry> }
        : S extends { type: 'array'; items: infer Item }
          ? readonly FromSchema<Item>[]
          : S extends { type: 'boolean' }
            ? boolean
            : S extends { type: 'integer' | 'number' }
              ? number
              : string;
