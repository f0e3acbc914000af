import { KEY_VARIABLE, type RequestSample } from './request-sample.ts';

const indented = (text: string): string => text.replaceAll('\n', '\n  ');

/** `fetch`, for Node as a module; a browser lacks `process.env`, and should lack the key. */
export function javascript({ method, url, headers, needsKey, body, json }: RequestSample): string {
  const fields = headers.map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  if (needsKey) fields.unshift(`authorization: \`Bearer \${process.env.${KEY_VARIABLE}}\``);
  const options = [
    ...(method === 'GET' ? [] : [`method: '${method}'`]),
    ...(fields.length > 0 ? [`headers: { ${fields.join(', ')} }`] : []),
    ...(json === undefined ? [] : [`body: JSON.stringify(${indented(JSON.stringify(json, null, 2))})`]),
    ...(json === undefined && body !== undefined ? [`body: ${JSON.stringify(body)}`] : []),
  ];
  const rest = options.length > 0 ? `, {\n  ${options.join(',\n  ')},\n}` : '';
  return `const response = await fetch(${JSON.stringify(url)}${rest});\nconsole.log(response.status, await response.text());`;
}
