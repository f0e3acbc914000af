import {
  type ArrowFunction,
  type CallExpression,
  isCallExpression,
  isPropertyAccessExpression,
  type Node,
  type SourceFile,
} from 'typescript/unstable/ast';
import type { Checker } from 'typescript/unstable/sync';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  isPromise,
  nodesOf,
  openTypedSources,
  placeOf,
  returnsOf,
  SyntaxKind,
  type TypedSources,
} from './support/typed-sources.ts';

/**
 * A promise that is dropped is an error of the process when it rejects. So nobody drops one: it is awaited, returned or kept, it
 * ends with a `.catch` of its own, or it is handed to `background` (src/kit/background.ts), which asks what becomes of a failure.
 * By the compiler's types, not by names: what finds these finds the next one.
 */
let sources: TypedSources;
beforeAll(() => {
  sources = openTypedSources();
});
afterAll(() => sources.close());

function found(files: readonly SourceFile[], isOne: (node: Node, checker: Checker) => boolean): string[] {
  const places: string[] = [];
  for (const file of files)
    for (const node of nodesOf(file)) if (isOne(node, sources.checker)) places.push(placeOf(file, node));
  return places;
}

const expressionOf = (node: Node): Node => (node as Node & { readonly expression: Node }).expression;

/** `….catch(handler)`. `.then(ok, fail)` is no end: what `ok` throws reaches nobody. */
const endsWithCatch = (node: Node): boolean =>
  isCallExpression(node) &&
  isPropertyAccessExpression(node.expression) &&
  node.expression.name.text === 'catch' &&
  node.arguments.length === 1;

const isKept = (node: Node): boolean =>
  node.kind === SyntaxKind.AwaitExpression || node.kind === SyntaxKind.BinaryExpression;

type Rule = (node: Node, checker: Checker) => boolean;

const thrownAway: Rule = (node, checker) =>
  node.kind === SyntaxKind.VoidExpression && isPromise(checker, checker.getTypeAtLocation(expressionOf(node)));

const standsAlone: Rule = (node, checker) => {
  if (node.kind !== SyntaxKind.ExpressionStatement) return false;
  const expression = expressionOf(node);
  if (isKept(expression) || endsWithCatch(expression)) return false;
  return isPromise(checker, checker.getTypeAtLocation(expression));
};

const isLookedAt = (node: Node, checker: Checker): boolean => {
  const wanted = returnsOf(checker, checker.getContextualType(node as ArrowFunction));
  return wanted === undefined || checker.typeToString(wanted) !== 'void';
};

const givesPromise = (node: Node, checker: Checker): boolean =>
  isPromise(checker, returnsOf(checker, checker.getTypeAtLocation(node))) && !isLookedAt(node, checker);

/** Of functions that return a promise: a timer's, a listener's. */
const unseenResult: Rule = (node, checker) => {
  const isCall = node.kind === SyntaxKind.CallExpression || node.kind === SyntaxKind.NewExpression;
  const given = isCall ? ((node as CallExpression).arguments ?? []) : [];
  const isFunction = node.kind === SyntaxKind.ArrowFunction || node.kind === SyntaxKind.FunctionExpression;
  return given.some((argument) => givesPromise(argument, checker)) || (isFunction && givesPromise(node, checker));
};

const rules = [
  ['no promise is thrown away by `void`', thrownAway],
  ['no promise stands alone as a statement without a `.catch` at its end', standsAlone],
  ['no function that returns a promise is given where nothing looks at its result', unseenResult],
] as const;

test.each(rules)('%s', (_, rule) => {
  expect(found(sources.files, rule)).toEqual([]);
});

test('each rule finds its mistake in a file that has them', () => {
  const file = sources.file('test/support/lost-promises.ts');
  const lines = rules.map(([, rule]) => found([file], rule).map((place) => place.split(':').slice(2).join(':').trim()));
  expect(lines).toEqual([
    ['void later();'.slice(0, -1)],
    ['later().then('],
    ['setTimeout(async () => {', 'async () => {'],
  ]);
});
