import { isBuiltin } from 'node:module';

/**
 * An ES module that imports one of Node's makes Node read each of its exports, getters included; for `node:http` that loads all of
 * fetch and WebSocket, an eighth of the start. From `process.getBuiltinModule` only what is named is read. Line for line, for the source maps.
 */
export function readNodeModulesByName(code: string): string {
  return code.replace(/^import (?:(.+?) from )?"([^"]+)";$/gm, (line, names: string | undefined, module: string) => {
    if (!isBuiltin(module)) return line;
    if (names === undefined) return '';
    const left = names.replace(/^\* as /, '').replaceAll(' as ', ': ');
    const [plain, braces] = left.startsWith('{') ? [undefined, left] : left.split(/, (?=\{)/);
    const value = `globalThis.process.getBuiltinModule("${module}")`;
    return [plain, braces].flatMap((target) => (target ? [`const ${target} = ${value};`] : [])).join(' ');
  });
}
