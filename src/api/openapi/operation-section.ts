import type { DescribedAnswer, Example, MediaType, Parameter, PlacedOperation } from './api-group.ts';
import { curlLine } from './curl-line.ts';
import { html, type Markup, words } from './html.ts';
import { typeOf } from './schema-section.ts';

function parameterTable(parameters: readonly Parameter[]): Markup {
  const rows = parameters.map(
    ({ name, in: place, description, required, schema }) =>
      html`<tr><th scope="row"><code>${name}</code>${required && html` <span class="required">required</span>`}</th><td>${place}</td><td>${typeOf(schema)}</td><td>${words(description)}</td></tr>`,
  );
  return html`<h4>Parameters</h4><div class="scroll" tabindex="0" role="group" aria-label="Parameters"><table><thead><tr><th scope="col">Name</th><th scope="col">In</th><th scope="col">Type</th><th scope="col">Meaning</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

const code = (label: string, text: string): Markup =>
  html`<pre tabindex="0" role="group" aria-label="${label}"><code>${text}</code></pre>`;

function examplesOf(content: { readonly [type: string]: MediaType } | undefined): readonly Example[] {
  return Object.values(content ?? {}).flatMap(({ examples }) => Object.values(examples ?? {}));
}

function answerRow([status, { description, content }]: [string, DescribedAnswer]): Markup {
  const media = Object.entries(content ?? {}).map(
    ([type, { schema }]) => html`<br><code>${type}</code>: ${typeOf(schema)}`,
  );
  const examples = examplesOf(content).map(
    ({ summary, value }) =>
      html`<details><summary>${words(summary)}</summary>${code('Example of an answer', JSON.stringify(value, null, 2))}</details>`,
  );
  return html`<tr><th scope="row">${status}</th><td>${words(description)}${media}${examples}</td></tr>`;
}

/** One operation: what it takes, how to try it, what it answers. */
export function operationSection({ path, method, operation }: PlacedOperation, origin: string): Markup {
  const { operationId, summary, description, parameters, requestBody, responses } = operation;
  const scope = Object.values(operation.security?.[0] ?? {})[0]?.[0];
  const bodies = examplesOf(requestBody?.content);
  const tries = (bodies.length > 0 ? bodies : [undefined]).map((example) => {
    const line = curlLine({ path, method, operation }, origin, example?.value);
    return html`${example && html`<p>${words(example.summary)}${example['x-status'] !== undefined && html` (answered ${example['x-status']})`}</p>`}${code('Command', line)}`;
  });
  const body = Object.values(requestBody?.content ?? {}).map(({ schema }) => html`<p>Body: ${typeOf(schema)}</p>`);
  return html`<section aria-labelledby="${operationId}">
<h3 id="${operationId}"><span class="method">${method.toUpperCase()}</span> <code>${path}</code></h3>
<p>${words(summary)}.${description !== undefined && html` ${words(description)}`}</p>
${scope !== undefined && html`<p>Needs a key with the scope <code>${scope}</code>.</p>`}
${parameters && parameterTable(parameters)}
${body}
<h4>Answers</h4>
<div class="scroll" tabindex="0" role="group" aria-label="Answers"><table><thead><tr><th scope="col">Status</th><th scope="col">Meaning</th></tr></thead><tbody>${Object.entries(responses).map(answerRow)}</tbody></table></div>
<h4>Try it</h4>
${tries}
</section>`;
}
