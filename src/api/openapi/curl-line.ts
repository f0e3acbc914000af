import type { PlacedOperation } from './api-group.ts';

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** The path with the examples of its parameters. */
function target(path: string, { parameters = [] }: PlacedOperation['operation']): string {
  const query = new URLSearchParams();
  let filled = path;
  for (const { name, in: place, example } of parameters) {
    if (place === 'path') filled = filled.replace(`{${name}}`, encodeURIComponent(String(example ?? name)));
    else if (place === 'query' && example !== undefined) query.set(name, String(example));
  }
  return query.size > 0 ? `${filled}?${query}` : filled;
}

/** A line for a shell that sends `body`, with the key in the variable MARTLET_KEY where one is needed. */
export function curlLine({ path, method, operation }: PlacedOperation, origin: string, body?: unknown): string {
  const url = origin + target(path, operation);
  const parts = ['curl', url.includes('?') ? quoted(url) : url];
  if (method === 'head') parts.push('--head');
  else if (method !== (body === undefined ? 'get' : 'post')) parts.push(`-X ${method.toUpperCase()}`);
  if (operation.security?.length) parts.push('-H "authorization: Bearer $MARTLET_KEY"');
  if (body !== undefined)
    parts.push(
      `-H 'content-type: ${Object.keys(operation.requestBody?.content ?? {})[0]}'`,
      `-d ${quoted(JSON.stringify(body))}`,
    );
  return parts.join(' ');
}
