const DURATION = /^([+-]?)(\d+)(?:\.(\d+))?s?$/;

export interface Duration {
  readonly negative: boolean;
  /** Google's JSON mapping of a duration: seconds with up to nine decimals and the unit, `3.5s`. */
  readonly text: string;
}

/**
 * Reads a duration as the request may spell it: seconds, with or without a fraction, with or without the unit. (Google's Go
 * client takes `3.5s` for three seconds and five nanoseconds; this is what the caller meant.) Undefined for anything else.
 */
export function parseDuration(text: string): Duration | undefined {
  const parts = DURATION.exec(text);
  if (!parts) return undefined;
  const [, sign, whole = '0', fraction = ''] = parts;
  const seconds = whole.replace(/^0+(?=\d)/, '');
  const decimals = fraction.slice(0, 9).replace(/(?<!0)0+$/, '');
  const negative = sign === '-' && (seconds !== '0' || decimals !== '');
  return { negative, text: `${negative ? '-' : ''}${seconds}${decimals && `.${decimals}`}s` };
}
