import type { DescribedAnswer, Example, MediaType, Parameter, PlacedOperation } from './api-group.ts';
import { html, type Markup, words } from './html.ts';
import { sampleLanguages } from './samples/languages.ts';
import { requestSample } from './samples/request-sample.ts';
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

/** A request in every language; without scripts the first one alone is seen. */
const samplesOf = (placed: PlacedOperation, origin: string, value: unknown): readonly Markup[] => {
  const sample = requestSample(placed, origin, value);
  return sampleLanguages.map(
    ({ id, name, write }) => html`<div class="sample" data-language="${id}">${code(name, write(sample))}</div>`,
  );
};

/** What a script needs to know to send a request of this kind: text, which the page's script alone reads. */
const tryOf = ({ path, method, operation }: PlacedOperation): string => {
  const { parameters = [], requestBody, security } = operation;
  return JSON.stringify({
    method: method.toUpperCase(),
    path,
    needsKey: (security?.length ?? 0) > 0,
    type: Object.keys(requestBody?.content ?? {})[0],
    parameters: parameters.map(({ name, in: place, required = place === 'path', example }) => ({
      ...{ name, place, required, example: example === undefined ? '' : String(example) },
    })),
    bodies: examplesOf(requestBody?.content).map(({ summary, value }) => ({
      summary,
      text: typeof value === 'string' ? value : JSON.stringify(value, null, 2),
    })),
  });
};

/** One operation: what it takes, how to try it, what it answers. */
export function operationSection(placed: PlacedOperation, origin: string): Markup {
  const { path, method, operation } = placed;
  const { operationId, summary, description, parameters, requestBody, responses } = operation;
  const scope = Object.values(operation.security?.[0] ?? {})[0]?.[0];
  const bodies = examplesOf(requestBody?.content);
  const samples = (bodies.length > 0 ? bodies : [undefined]).map(
    (example) =>
      html`${example && html`<p>${words(example.summary)}${example['x-status'] !== undefined && html` (answered ${example['x-status']})`}</p>`}${samplesOf(placed, origin, example?.value)}`,
  );
  const body = Object.values(requestBody?.content ?? {}).map(({ schema }) => html`<p>Body: ${typeOf(schema)}</p>`);
  return html`<section class="operation" aria-labelledby="${operationId}" data-try="${tryOf(placed)}">
<h3 id="${operationId}"><span class="method">${method.toUpperCase()}</span> <code>${path}</code></h3>
<p>${words(summary)}.${description !== undefined && html` ${words(description)}`}</p>
${scope !== undefined && html`<p>Needs a key with the scope <code>${scope}</code>.</p>`}
${parameters && parameterTable(parameters)}
${body}
<h4>Answers</h4>
<div class="scroll" tabindex="0" role="group" aria-label="Answers"><table><thead><tr><th scope="col">Status</th><th scope="col">Meaning</th></tr></thead><tbody>${Object.entries(responses).map(answerRow)}</tbody></table></div>
<h4>Try it</h4>
${samples}
</section>`;
}
