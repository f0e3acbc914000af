/** The corpus's spelling of an integer that a double cannot hold. */
export interface BigDigits {
  readonly $num: string;
}

const INTEGER = /^-?\d+$/;

const fits = (digits: string): boolean => {
  const value = Number(digits);
  return (
    Number.isSafeInteger(value) || (Number.isFinite(value) && BigInt(digits).toString() === BigInt(value).toString())
  );
};

/** JSON without loss: an integer that a double cannot hold becomes `{"$num": "digits"}`. @throws SyntaxError */
export function parseLossless(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) => {
    const source = context?.source;
    return typeof value === 'number' && source && INTEGER.test(source) && !fits(source) ? { $num: source } : value;
  });
}

/** `parseLossless`, or the text itself where it is no JSON. */
export function parseOrText(text: string): unknown {
  try {
    return parseLossless(text);
  } catch {
    return text;
  }
}
