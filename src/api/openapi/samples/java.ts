import { KEY_VARIABLE, type RequestSample } from './request-sample.ts';

const INDENT = '                ';

/**
 * A text block (Java 15) where there are several lines: in it a backslash and three quotes are escaped. It takes blanks at the end of
 * a line away, and makes a line break of a carriage return.
 */
function literal(text: string): string {
  if (!text.includes('\n') || /\r|[ \t](?:\n|$)/.test(text)) return JSON.stringify(text);
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('"""', '\\"""');
  return `"""\n${INDENT}${escaped.replaceAll('\n', `\n${INDENT}`)}"""`;
}

/** A whole program in one file, for `java Main.java` of Java 17 and later. */
export function java({ method, url, headers, needsKey, body }: RequestSample): string {
  const fields = headers.map(([name, value]) => `${JSON.stringify(name)}, ${JSON.stringify(value)}`);
  if (needsKey) fields.unshift(`"Authorization", "Bearer " + System.getenv("${KEY_VARIABLE}")`);
  const publisher = body === undefined ? 'noBody()' : `ofString(${literal(body)})`;
  return `import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

public class Main {
    public static void main(String[] args) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(${JSON.stringify(url)}))
${fields.map((field) => `            .header(${field})\n`).join('')}            .method(${JSON.stringify(method)}, HttpRequest.BodyPublishers.${publisher})
            .build();
        var response = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println(response.statusCode() + " " + response.body());
    }
}`;
}
