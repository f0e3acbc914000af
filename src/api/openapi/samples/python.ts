import { KEY_VARIABLE, type RequestSample } from './request-sample.ts';

const WORDS = new Map<unknown, string>([
  [true, 'True'],
  [false, 'False'],
  [null, 'None'],
]);

/** Python's literals are JSON's, but for its words; a text has the same escapes, but for `\/`, which is never written. */
function literal(value: unknown, indent: string): string {
  const word = WORDS.get(value);
  if (word !== undefined) return word;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const inner = `${indent}    `;
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  const items = Array.isArray(value)
    ? value.map((item) => literal(item, inner))
    : Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${literal(item, inner)}`);
  if (items.length === 0) return open + close;
  return `${open}\n${items.map((item) => `${inner}${item},\n`).join('')}${indent}${close}`;
}

/** With `requests`, which most have. */
export function python({ method, url, headers, needsKey, body, json }: RequestSample): string {
  const fields = headers.map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  if (needsKey) fields.unshift(`"authorization": "Bearer " + os.environ["${KEY_VARIABLE}"]`);
  const args = [
    JSON.stringify(method),
    JSON.stringify(url),
    ...(fields.length > 0 ? [`headers={${fields.join(', ')}}`] : []),
    ...(json === undefined ? [] : [`json=${literal(json, '    ')}`]),
    ...(json === undefined && body !== undefined ? [`data=${JSON.stringify(body)}.encode()`] : []),
  ];
  return [
    ...(needsKey ? ['import os'] : []),
    'import requests',
    '',
    `response = requests.request(\n${args.map((arg) => `    ${arg},\n`).join('')})`,
    'print(response.status_code, response.text)',
  ].join('\n');
}
