const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROL = /[\x00-\x1f\x7f]/;
const BAD_ESCAPE = /%(?![0-9A-Fa-f]{2})/;
const AUTHORITY = /^(?:(?<user>[^@]*)@)?(?<host>\[[^\]]*\]|[^:]*)(?<port>:\d*)?$/;
const USER = /^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/;
// What Go's URL parser leaves in a host name; an escape there must be of a byte that is not ASCII.
const HOST = /^(?:[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"\u0080-\uffff]|%[89a-fA-F][0-9a-fA-F]|%25)*$/;

function isAuthority(text: string): boolean {
  const at = text.lastIndexOf('@');
  const parts = AUTHORITY.exec(text.slice(at + 1));
  const user = at < 0 ? '' : text.slice(0, at);
  return parts !== null && HOST.test(parts.groups?.host ?? '') && USER.test(user) && !BAD_ESCAPE.test(user);
}

/**
 * The scheme of an absolute URL, `''` for an absolute path, undefined when it is neither: what Go's `url.ParseRequestURI`
 * accepts, which is how Google's client checks the URLs of a message.
 */
export function requestUriScheme(text: string): string | undefined {
  if (text === '*') return '';
  if (text === '' || CONTROL.test(text)) return undefined;
  const scheme = SCHEME.exec(text)?.[1];
  const rest = (scheme === undefined ? text : text.slice(scheme.length + 1)).split('?', 1)[0] as string;
  if (!rest.startsWith('/')) return scheme?.toLowerCase();
  if (scheme === undefined || !rest.startsWith('//'))
    return BAD_ESCAPE.test(rest) ? undefined : (scheme?.toLowerCase() ?? '');
  const end = rest.indexOf('/', 2);
  const path = end < 0 ? '' : rest.slice(end);
  const isUri = isAuthority(rest.slice(2, end < 0 ? undefined : end)) && !BAD_ESCAPE.test(path);
  return isUri ? scheme.toLowerCase() : undefined;
}
