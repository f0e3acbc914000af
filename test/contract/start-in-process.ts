import { loadConfig } from '../../src/host/config/load.ts';
import { startServer } from '../../src/host/server.ts';
import { toError } from '../../src/kit/errors.ts';
import { createLog } from '../../src/observe/log/log.ts';
import type { RefusedStart, RelayUnderTest } from './relay-under-test.ts';
import type { Workplace } from './workplace.ts';

/** The whole relay on the test's own event loop, as `main.ts` puts it together. */
export async function startInProcess({ configPath, dir, env }: Workplace): Promise<RelayUnderTest | RefusedStart> {
  const output = { stdout: '', stderr: '' };
  const sink = (stream: 'stdout' | 'stderr') => ({
    write(text: string) {
      output[stream] += text;
    },
  });
  try {
    const { config, warnings } = loadConfig({ path: configPath, env, cwd: dir, home: dir });
    const log = createLog(config.log, { stdout: sink('stdout'), stderr: sink('stderr') });
    for (const warning of warnings) log.warn(warning);
    const server = await startServer({ config, version: '0.0.0', log, env });
    const { relay } = server;
    return {
      output,
      exitCode: undefined,
      idle: () =>
        relay.queue.depth().notifications === 0 && relay.busyWorkers() === 0 && relay.hook.stats().backlog === 0,
      async close() {
        await server.close();
        log.close();
      },
    };
  } catch (error) {
    return { code: 1, output: { ...output, stderr: `${output.stderr}${toError(error).message}\n` } };
  }
}
