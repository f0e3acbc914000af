import { onTestFinished } from 'vitest';
import type { Config } from '../../../src/config/schema.ts';
import { createNoCarrier } from '../../../src/hub/push/no-carrier.ts';
import { openCarrier } from '../../../src/hub/push/open-carrier.ts';
import { createDispatcher } from '../../../src/outbound/dispatcher.ts';
import { builtIn } from '../../../src/providers/registry.ts';
import { buildConfig } from '../../support/config.ts';
import { Listener } from './carrier-bench.ts';

/** The carrier of `hub.push.mode: gorush`, heard by a listener. @param more keys of `hub.push` */
export function openGorushCarrier(urls: readonly string[], more: Partial<Config['hub']['push']> = {}) {
  const dispatcher = createDispatcher({ proxyFor: () => undefined });
  const lines: string[] = [];
  const { hub } = buildConfig(({ default: byDefault }) => byDefault);
  const push = { ...hub.push, mode: 'gorush' as const, urls, health_interval: 0.1, ...more };
  const carrier = openCarrier({
    push,
    local: createNoCarrier(),
    dispatcher,
    providers: builtIn,
    tell: (level, message) => lines.push(`${level} ${message}`),
  });
  const heard = new Listener();
  carrier.listen(heard);
  onTestFinished(async () => {
    await carrier.close();
    await dispatcher.destroy();
  });
  return { carrier, heard, lines };
}
