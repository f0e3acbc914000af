import { KEY_VARIABLE, type RequestSample } from './request-sample.ts';

/** As it stands between backticks where it can; a raw string holds neither a backtick nor a carriage return. */
const literal = (text: string): string =>
  /[`\r]/.test(text) || !text.includes('\n') ? JSON.stringify(text) : `\`${text}\``;

/** A whole program, of the standard library alone. */
export function go({ method, url, headers, needsKey, body }: RequestSample): string {
  const imports = ['fmt', 'io', 'net/http', ...(needsKey ? ['os'] : []), ...(body === undefined ? [] : ['strings'])];
  const reader = body === undefined ? 'nil' : `strings.NewReader(${literal(body)})`;
  const fields = headers.map(([name, value]) => `${JSON.stringify(name)}, ${JSON.stringify(value)}`);
  if (needsKey) fields.unshift(`"Authorization", "Bearer "+os.Getenv("${KEY_VARIABLE}")`);
  return `package main

import (
${imports.map((name) => `\t"${name}"`).join('\n')}
)

func main() {
	request, err := http.NewRequest(${JSON.stringify(method)}, ${JSON.stringify(url)}, ${reader})
	if err != nil {
		panic(err)
	}
${fields.map((field) => `\trequest.Header.Set(${field})\n`).join('')}	response, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		panic(err)
	}
	fmt.Println(response.StatusCode, string(answer))
}`;
}
