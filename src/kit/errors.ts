/** Errors of ours: one base with a literal `code`. Match on `code`, never on the text. */
export abstract class MartletError extends Error {
  abstract readonly code: string;
  override get name(): string {
    return this.constructor.name;
  }
}

/** A mistake in the configuration. `message` is `key: text`; it names the value, secrets excepted. */
export class ConfigError extends MartletError {
  readonly code = 'ERR_CONFIG';
  /** The setting to change, `core.cert_path`; empty where the text is about several, or says itself what it is about. */
  readonly key: string;
  /** What is wrong with it and what would be right. */
  readonly text: string;

  constructor(key: string, text: string, options?: ErrorOptions) {
    super(key === '' ? text : `${key}: ${text}`, options);
    this.key = key;
    this.text = text;
  }
}

/** Anything thrown, as an Error. */
export const toError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));
