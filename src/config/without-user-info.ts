export const REDACTED = '[REDACTED]';

/**
 * An address without its user, password and query. Cut at the last `@`, whatever stands before it: of several addresses in one
 * text only the last stays readable, but a password with any character in it is gone.
 */
export function withoutUserInfo(text: string): string {
  const url = URL.parse(text);
  const anonymous =
    text.startsWith('/') || (url !== null && url.host !== '' && url.username === '' && url.password === '');
  const bare = anonymous ? text : text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, `$1${REDACTED}@`);
  return bare.includes('://') ? bare.replace(/\?.*$/s, `?${REDACTED}`) : bare;
}
