import { createInterface } from 'node:readline';
import { ConfigError } from '../../kit/errors.ts';
import type { Ask } from './choices.ts';

export interface Terminal {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
}

/**
 * Questions on a terminal. `close` gives it back. What is typed ahead answers the next ones.
 * `ask` rejects with a ConfigError when the person leaves, by Ctrl-C or Ctrl-D.
 */
export function terminalAsk({ input, output }: Terminal): { readonly ask: Ask; readonly close: () => void } {
  const terminal = createInterface({ input, output });
  terminal.on('SIGINT', () => terminal.close());
  const lines = terminal[Symbol.asyncIterator]();
  return {
    async ask(question, byDefault) {
      terminal.setPrompt(`${question}${byDefault === '' ? '' : ` [${byDefault}]`} `);
      terminal.prompt();
      const { value, done } = await lines.next();
      if (!done) return value || byDefault;
      output.write('\n');
      throw new ConfigError('', 'nothing was written');
    },
    close: () => terminal.close(),
  };
}
