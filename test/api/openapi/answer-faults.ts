import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse as parseYaml } from 'yaml';
import type { DescribedAnswer } from '../../../src/api/openapi/api-group.ts';
import type { OpenApiDocument } from '../../../src/api/openapi/document.ts';

/** An answer as it came. */
export interface Received {
  readonly status: number;
  /** Content-Type; empty when there was none. */
  readonly type: string;
  readonly body: string;
  readonly headers: Headers;
}

/** What is wrong with an answer to an operation; empty when it is as described. */
export type AnswerFaults = (path: string, method: string, answer: Received) => string[];

/** Other media types are text. */
const PARSERS: { readonly [mediaType: string]: (text: string) => unknown } = {
  'application/json': JSON.parse,
  'application/yaml': (text) => parseYaml(text),
};

type Node = { [key: string]: unknown };

/** Objects with named fields have no others: an answer with a field that nobody described is a fault. */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== 'object' || node === null) return node;
  const copy: Node = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]));
  if (copy.type === 'object' && copy.properties && !('additionalProperties' in copy)) copy.additionalProperties = false;
  return copy;
}

/** Answers held against their description: status, media type, required headers and every field. */
export function answerFaults(document: OpenApiDocument): AnswerFaults {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  (addFormats as unknown as (on: Ajv2020) => void)(ajv);
  ajv.addSchema({ ...(closed(document) as object), $id: 'api' });

  const compiled = new Map<string, ValidateFunction>();

  const schemaFaults = (pointer: string, body: string, parse: (text: string) => unknown): string[] => {
    const validate = compiled.get(pointer) ?? ajv.compile({ $ref: `api#${pointer}` });
    compiled.set(pointer, validate);
    let value: unknown;
    try {
      value = parse(body);
    } catch {
      return ['cannot be parsed'];
    }
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  };

  const contentFaults = (pointer: string, described: DescribedAnswer, { type, body }: Received): string[] => {
    const media = (type.split(';')[0] ?? '').trim();
    if (!described.content) return body === '' ? [] : ['has a body, and none is described'];
    if (!(media in described.content)) return [`has the undescribed content type ${type || '(none)'}`];
    const parse = PARSERS[media];
    return parse ? schemaFaults(`${pointer}/content/${media.replace('/', '~1')}/schema`, body, parse) : [];
  };

  return (path, method, answer) => {
    const described = document.paths[path]?.[method]?.responses[String(answer.status)];
    if (!described) return [`has the undescribed status ${answer.status}`];
    const missing = Object.entries(described.headers ?? {})
      .filter(([name, header]) => (header as Node).required && !answer.headers.has(name))
      .map(([name]) => `lacks the header ${name}`);
    const pointer = `/paths/${path.replaceAll('~', '~0').replaceAll('/', '~1')}/${method}/responses/${answer.status}`;
    return [...missing, ...contentFaults(encodeURI(pointer), described, answer)];
  };
}

export async function received(response: Response): Promise<Received> {
  return {
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    body: await response.text(),
    headers: response.headers,
  };
}
