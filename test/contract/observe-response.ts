import { parse as parseYaml } from 'yaml';
import { type CaseRequest, type Fields, isFields, type Tree } from './corpus-case.ts';
import { parseLossless } from './lossless-json.ts';
import type { Reply } from './request.ts';

const TOLD = ['allow', 'location', 'retry-after'];

/** An answer as types only: of a list, that of its first item. */
function shapeOf(value: Tree): Tree {
  if (value === null) return '<any>';
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (!isFields(value)) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]));
}

/** The `gorush_*` series of a Prometheus text, as `{name: {help, type, value}}`. */
function series(text: string): Fields {
  const found: Record<string, Record<string, Tree>> = {};
  const entry = (name: string): Record<string, Tree> => {
    found[name] ??= {};
    return found[name];
  };
  for (const line of text.split('\n')) {
    const [, what, described, words] = /^# (HELP|TYPE) (gorush_\w+) (.*)$/.exec(line) ?? [];
    if (what && described) entry(described)[what.toLowerCase()] = words;
    const [, counted, , value] = /^(gorush_\w+)(\{[^}]*\})? (\S+)$/.exec(line) ?? [];
    if (counted) entry(counted).value = Number(value);
  }
  return found;
}

function parsed(text: string, type: string): Tree {
  try {
    if (type.includes('json')) return parseLossless(text);
    if (type.includes('yaml')) return parseYaml(text);
  } catch {
    // Shown as it is.
  }
  return text;
}

/** The configuration as served tells how many workers there are: on this machine. */
const withoutWorkers = (body: Tree): Tree =>
  isFields(body) && isFields(body.core) && isFields(body.api)
    ? { ...body, core: { ...body.core, worker_num: '<int>' } }
    : body;

export function observeResponse(reply: Reply, request: CaseRequest): Fields {
  if (!('status' in reply)) return reply;
  const type = reply.headers['content-type'] ?? '';
  const body = request.metrics ? series(reply.text) : parsed(reply.text, type);
  const told = TOLD.filter((name) => reply.headers[name] !== undefined);
  return {
    status: reply.status,
    headers: {
      ...(type ? { 'content-type': type } : {}),
      'x-gorush-version': reply.headers['x-gorush-version'] !== undefined,
      ...Object.fromEntries(told.map((name) => [name, reply.headers[name]])),
    },
    body: request.shape ? shapeOf(body) : withoutWorkers(body),
  };
}
