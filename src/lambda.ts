import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import process from 'node:process';
import { loadConfig } from './host/config/load.ts';
import { openSandbox } from './host/sandbox/sandbox-mode.ts';
import { createServerlessHandler, type ServerlessHandler } from './host/serverless/create-handler.ts';
import type { GatewayEvent, GatewayResult, InvocationContext } from './host/serverless/gateway-event.ts';
import { createLog } from './observe/log/log.ts';
import { trustSystemAuthorities } from './outbound/system-authorities.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

async function open(context: InvocationContext): Promise<ServerlessHandler> {
  trustSystemAuthorities();
  const { config, warnings } = loadConfig({
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    tryCredentials: true,
  });
  const log = createLog(config.log, { stdout: process.stdout, stderr: process.stderr });
  for (const warning of warnings) log.warn(warning);
  const sandbox = await openSandbox(config, log);
  const options = {
    config,
    version,
    log,
    env: process.env,
    proxyEnv: process.env,
    masterKey: process.env.MARTLET_MASTER_KEY,
  };
  const left = context.getRemainingTimeInMillis?.();
  return createServerlessHandler(
    sandbox ? { ...options, config: sandbox.config, ...sandbox.parts } : options,
    left === undefined ? undefined : left / 1000,
  );
}

let opened: Promise<ServerlessHandler> | undefined;

/**
 * The relay's HTTP API for AWS Lambda, behind API Gateway (payload formats 1.0 and 2.0), a function URL or a load balancer;
 * see docs/serverless.md. The configuration is found as the server finds it: a file in the working folder, and the environment.
 * @throws ConfigError at the first call, and at each further one until it is mended.
 */
export async function handler(event: GatewayEvent, context: InvocationContext = {}): Promise<GatewayResult> {
  opened ??= open(context).catch((error) => {
    opened = undefined;
    throw error;
  });
  return (await opened)(event);
}
