import { ConfigError } from '../../kit/errors.ts';
import { isObject } from '../../kit/is-object.ts';

/** The fields of a credential's JSON, or of an object in it. Errors name the setting and the field, and no value that may be a secret. */
export interface CredentialFields {
  /** The setting: `android.key_path`. */
  readonly key: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** Of an object in it, with a dot at its end: `credential_source.` */
  readonly within?: string;
}

const pathOf = ({ within = '' }: CredentialFields, name: string): string => within + name;

/** @param what what the field is or is not: `is not a URL` */
export const fieldMistake = (fields: CredentialFields, name: string, what: string): ConfigError =>
  new ConfigError(fields.key, `${pathOf(fields, name)} ${what}`);

/** Without blanks around it; undefined when it is absent or empty. @throws ConfigError for what is no text */
export function optionalText(fields: CredentialFields, name: string): string | undefined {
  const value = fields.values[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw fieldMistake(fields, name, 'is not a text');
  return value.trim() || undefined;
}

/** @throws ConfigError when there is none */
export function requiredText(fields: CredentialFields, name: string): string {
  const value = fields.values[name];
  if (typeof value === 'string' && value.trim() !== '') return value.trim();
  throw new ConfigError(fields.key, `the credential has no ${pathOf(fields, name)}`);
}

/** As it is written. @param byDefault for an absent one; without it the field has to be there. @throws ConfigError */
export function urlIn(fields: CredentialFields, name: string, byDefault?: string): string {
  const value = fields.values[name];
  const isAbsent = value === undefined || value === null || value === '';
  if (isAbsent && byDefault !== undefined) return byDefault;
  if (isAbsent) throw new ConfigError(fields.key, `the credential has no ${pathOf(fields, name)}`);
  const url = typeof value === 'string' ? URL.parse(value) : null;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return value as string;
  throw fieldMistake(fields, name, `is not a URL: ${String(value)}`);
}

/** An object in it; undefined when it is absent. @throws ConfigError for what is no object */
export function objectIn(fields: CredentialFields, name: string): CredentialFields | undefined {
  const value = fields.values[name];
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw fieldMistake(fields, name, 'is not an object');
  return { key: fields.key, values: value, within: `${pathOf(fields, name)}.` };
}
