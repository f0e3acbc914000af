import { KEY_VARIABLE, type RequestSample } from './request-sample.ts';

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** A line for a shell. */
export function curl({ method, url, headers, needsKey, body, json }: RequestSample): string {
  const parts = ['curl', /[?&]/.test(url) ? quoted(url) : url];
  if (method === 'HEAD') parts.push('--head');
  else if (method !== (body === undefined ? 'GET' : 'POST')) parts.push(`-X ${method}`);
  if (needsKey) parts.push(`-H "authorization: Bearer $${KEY_VARIABLE}"`);
  parts.push(...headers.map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`));
  // -d would take the line breaks of other texts out.
  if (body !== undefined)
    parts.push(json === undefined ? `--data-binary ${quoted(body)}` : `-d ${quoted(JSON.stringify(json))}`);
  return parts.join(' ');
}
