import { type CallExpression, type Node, SyntaxKind } from 'typescript/unstable/ast';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nodesOf, openTypedSources, placeOf, type TypedSources } from './support/typed-sources.ts';

/**
 * A module that is loaded late is loaded when no file descriptor may be free. What fails then must be tried again, and is the trouble
 * of this machine: so it goes through `late` (src/kit/late.ts), or is loaded before anything is served.
 */
const atTheStart = new Set([
  'src/main.ts',
  'src/apps/store/open-stored-apps.ts',
  'src/host/open-doors.ts',
  'src/host/server.ts',
  'src/observe/stats/create-stats.ts',
  'src/observe/tracing/load-meter.ts',
  'src/observe/tracing/load-tracing.ts',
  'src/queue/create-queue.ts',
]);
/** A command loads what it needs before it does anything. */
const COMMAND = /^src\/cli\//;
/** `open` and `simulate` of a provider's row: what cannot be imported is tried again by the next push (src/providers/transports.ts). */
const RETRIED = /^src\/[a-z]+\/provider\.ts$/;

let sources: TypedSources;
beforeAll(() => {
  sources = openTypedSources();
});
afterAll(() => sources.close());

/** `import('…')`, and `createRequire(…)('…')`. */
function isLoading(node: Node): boolean {
  if (node.kind !== SyntaxKind.CallExpression) return false;
  const { expression } = node as CallExpression;
  if (expression.kind === SyntaxKind.ImportKeyword) return true;
  return expression.kind === SyntaxKind.CallExpression && /^\s*createRequire\(/.test(expression.getText());
}

const isLate = (node: Node): boolean =>
  node.kind === SyntaxKind.CallExpression && /^(late|lateSync)$/.test((node as CallExpression).expression.getText());

/** Names of functions that `late` is given: `late('prom-client', defaultMetrics)`. */
const lateNames = (nodes: readonly Node[]): Set<string> =>
  new Set(nodes.filter(isLate).flatMap((node) => (node as CallExpression).arguments.map((each) => each.getText())));

test('what is loaded late is tried again when it could not be loaded', () => {
  const found = sources.files.flatMap((file) => {
    const nodes = [...nodesOf(file)];
    const names = lateNames(nodes);
    const isGuarded = (node: Node): boolean => {
      for (let at: Node | undefined = node; at; at = at.parent) {
        if (isLate(at)) return true;
        const { name } = at as Node & { readonly name?: Node };
        if (at.kind === SyntaxKind.FunctionDeclaration && name && names.has(name.getText())) return true;
      }
      return false;
    };
    return nodes.filter((node) => isLoading(node) && !isGuarded(node)).map((node) => placeOf(file, node));
  });
  const late = found.filter((place) => {
    const [path = ''] = place.split(':');
    return !atTheStart.has(path) && !COMMAND.test(path) && !RETRIED.test(path);
  });
  expect(late).toEqual([]);
  // It can fail: those that are allowed are found.
  expect(found.length).toBeGreaterThan(atTheStart.size);
});
