import type { Config } from './schema.ts';

/** `hub.public_url` without slashes at its end; undefined: it is not reachable from outside. */
export function publicUrlOf({ public_url: url }: Pick<Config['hub'], 'public_url'>): string | undefined {
  let end = url.length;
  while (url[end - 1] === '/') end--;
  return url === '' ? undefined : url.slice(0, end);
}
