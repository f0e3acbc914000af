/**
 * V8 keeps the text of what runs, in two bytes for each character where a single one is not Latin, and decodes it for longer. An escape
 * means the same wherever such a character stands in code of ours and of our packages.
 */
export const inAscii = (code: string): string =>
  code.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
