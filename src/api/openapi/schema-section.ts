import type { JsonSchema } from '../../push/wire/decoding.ts';
import { html, type Markup, words } from './html.ts';

type Properties = { readonly [name: string]: JsonSchema };

const nameOf = (reference: string): string => reference.slice(reference.lastIndexOf('/') + 1);

/** The type in words, with links to named shapes. Null is not told: it is like absent wherever it is taken. */
export function typeOf(schema: JsonSchema): Markup {
  if (typeof schema.$ref === 'string') return html`<a href="#schema-${nameOf(schema.$ref)}">${nameOf(schema.$ref)}</a>`;
  if (Array.isArray(schema.anyOf)) {
    const kinds = (schema.anyOf as JsonSchema[]).filter(({ type }) => type !== 'null').map(typeOf);
    return html`${kinds.map((kind, i) => [i > 0 && ' or ', kind])}`;
  }
  const type = [schema.type]
    .flat()
    .filter((name) => name !== 'null')
    .join(' or ');
  if (type === 'array') return html`array of ${typeOf((schema.items ?? {}) as JsonSchema)}`;
  return html`${type || 'anything'}`;
}

const listed = (values: unknown): Markup | undefined =>
  Array.isArray(values)
    ? html` One of ${values.filter(Boolean).map((value, i) => [i > 0 && ', ', html`<code>${String(value)}</code>`])}.`
    : undefined;

function row(name: string, schema: JsonSchema, required: boolean): Markup {
  const platforms = schema['x-platforms'] as readonly string[] | undefined;
  const inner = schema.properties ?? (schema.items as JsonSchema | undefined)?.properties;
  return html`<tr><th scope="row"><code>${name}</code>${required && html` <span class="required">required</span>`}</th>
<td>${typeOf(schema)}</td>
<td>${platforms && html`<span class="platforms">${platforms.join(', ')}</span> `}${words((schema.description as string) ?? '')}${listed(schema.enum)}${
    inner !== undefined &&
    html`<details><summary>Its fields</summary>${fieldTable(schema.properties ? schema : (schema.items as JsonSchema))}</details>`
  }</td></tr>`;
}

/** A row for each field of an object. */
export function fieldTable(schema: JsonSchema): Markup {
  const required = new Set((schema.required as readonly string[] | undefined) ?? []);
  const rows = Object.entries((schema.properties ?? {}) as Properties).map(([name, field]) =>
    row(name, field, required.has(name)),
  );
  return html`<div class="scroll" tabindex="0" role="group" aria-label="Fields"><table><thead><tr><th scope="col">Field</th><th scope="col">Type</th><th scope="col">Meaning</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

/** A named shape. */
export const schemaSection = (name: string, schema: JsonSchema): Markup =>
  html`<section aria-labelledby="schema-${name}"><h3 id="schema-${name}">${name}</h3>
${schema.description !== undefined && html`<p>${words(schema.description as string)}</p>`}
${fieldTable(schema)}</section>`;
