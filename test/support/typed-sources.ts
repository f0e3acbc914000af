import { resolve } from 'node:path';
import { type Node, type SourceFile, SyntaxKind } from 'typescript/unstable/ast';
import { API, type Checker, SignatureKind, type Type } from 'typescript/unstable/sync';

/** The files of src/ with their types, as the compiler sees them. Close it: it is a process. */
export interface TypedSources {
  readonly checker: Checker;
  readonly files: readonly SourceFile[];
  /** One of the project, by its path from the root. */
  file(path: string): SourceFile;
  close(): void;
}

/** The interface of TypeScript 7 that is called unstable: only tests use it. */
export function openTypedSources(): TypedSources {
  const root = resolve('.');
  const api = new API({ cwd: root });
  const snapshot = api.updateSnapshot({ openProjects: [resolve('tsconfig.json')] });
  const [project] = snapshot.getProjects();
  if (!project) throw new Error('tsconfig.json opens no project');
  const { program, checker } = project;
  const files = program
    .getSourceFileNames()
    .filter((name) => name.startsWith(`${resolve('src')}/`))
    .flatMap((name) => program.getSourceFile(name) ?? []);
  const file = (path: string): SourceFile => {
    const source = program.getSourceFile(resolve(path));
    if (!source) throw new Error(`${path} is not in the project`);
    return source;
  };
  return { checker, files, file, close: () => api.close() };
}

/** Every node below one, itself first. */
export function* nodesOf(node: Node): Generator<Node> {
  yield node;
  const children: Node[] = [];
  node.forEachChild((child) => {
    children.push(child);
  });
  for (const child of children) yield* nodesOf(child);
}

/** `src/kit/fifo.ts:12` and the text. */
export function placeOf(file: SourceFile, node: Node): string {
  const start = file.text.slice(node.pos, node.end).search(/\S/) + node.pos;
  const line = file.text.slice(0, start).split('\n').length;
  const text = file.text.slice(start, node.end).split('\n')[0] as string;
  return `${file.fileName.slice(resolve('.').length + 1)}:${line}: ${text.slice(0, 100)}`;
}

/** Whether a value of this type may have to be waited for. */
export const isPromise = (checker: Checker, type: Type | undefined): boolean =>
  type !== undefined && /(^|[|(] ?)Promise(Like)?</.test(checker.typeToString(type));

/** What a function of this type returns; undefined for what is no function. */
export function returnsOf(checker: Checker, type: Type | undefined): Type | undefined {
  const [signature] = type ? checker.getSignaturesOfType(type, SignatureKind.Call) : [];
  return signature && checker.getReturnTypeOfSignature(signature);
}

export { SyntaxKind };
