import { KEY_VARIABLE, type RequestSample } from './request-sample.ts';

/** A text in single quotes: nothing in it is a variable. */
const literal = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/** PHP without an extension. */
export function php({ method, url, headers, needsKey, body }: RequestSample): string {
  const fields = headers.map(([name, value]) => literal(`${name}: ${value}`));
  if (needsKey) fields.unshift(`'Authorization: Bearer ' . getenv('${KEY_VARIABLE}')`);
  const options = [
    `'method' => ${literal(method)},`,
    ...(fields.length > 0 ? [`'header' => [${fields.join(', ')}],`] : []),
    ...(body === undefined ? [] : [`'content' => ${literal(body)},`]),
    `'ignore_errors' => true,`,
  ];
  return `<?php
$context = stream_context_create(['http' => [
${options.map((option) => `    ${option}`).join('\n')}
]]);
$answer = file_get_contents(${literal(url)}, false, $context);
echo $http_response_header[0], "\\n", $answer, "\\n";`;
}
