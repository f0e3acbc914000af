import { readdirSync, readFileSync } from 'node:fs';
import type { RuleScript } from './rules.ts';

/** A tree of JSON, with wildcards where it is an expectation. */
export type Tree = unknown;
export type Fields = { readonly [name: string]: Tree };
export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export interface CaseRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Tree;
  readonly raw?: string;
  readonly rawBase64?: string;
  readonly rawParts?: readonly (readonly [text: string, times: number])[];
  readonly noContentType?: boolean;
  readonly gzip?: boolean;
  readonly timeoutMs?: number;
  readonly shape?: boolean;
  readonly metrics?: boolean;
  readonly thenMs?: number;
  readonly port2?: boolean;
  readonly scheme?: 'https';
}

/** One case of the corpus: inputs, scripted answers, and what the real Gorush v1.22.0 was seen to do (`recorded`). */
export interface CorpusCase {
  readonly name: string;
  readonly deviation?: string;
  readonly why?: string;
  readonly config?: Fields | null;
  readonly configRaw?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly argv?: readonly string[];
  readonly serve?: boolean;
  readonly fresh?: boolean;
  readonly scheme?: 'https';
  readonly requests?: readonly CaseRequest[];
  readonly parallel?: boolean;
  readonly providers?: RuleScript;
  readonly hook?: RuleScript;
  readonly settleMs?: number;
  readonly collect?: readonly string[];
  readonly expectExit?: boolean;
  readonly exitMs?: number;
  readonly signal?: NodeJS.Signals;
  readonly readFiles?: readonly string[];
  readonly noStat?: boolean;
  readonly recorded: Fields;
  readonly expect?: Fields;
  readonly unstable?: boolean;
  readonly variants?: readonly Fields[];
}

export interface CorpusGroup {
  readonly group: string;
  readonly gorush: string;
  readonly base: Fields;
  readonly cases: readonly CorpusCase[];
}

const folder = new URL('./corpus/', import.meta.url);

export const groupNames: readonly string[] = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -'.json'.length));

export const readGroup = (name: string): CorpusGroup =>
  JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as CorpusGroup;

/** Needs a process of its own: arguments, signals, exit codes, files it leaves behind. */
export const needsProcess = (one: CorpusCase): boolean =>
  Boolean(one.argv || one.expectExit || one.signal || one.readFiles);

/** `over` laid over `under`, key by key. */
export function merge(under: Tree, over: Tree): Tree {
  if (!isFields(under) || !isFields(over)) return over === undefined ? under : over;
  const merged: Record<string, Tree> = { ...under };
  for (const [key, value] of Object.entries(over)) merged[key] = merge(under[key], value);
  return merged;
}
