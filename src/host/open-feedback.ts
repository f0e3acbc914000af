import { createAppHooks } from '../apps/app-hooks.ts';
import type { AppRegistry } from '../apps/app-registry.ts';
import type { Config } from '../config/schema.ts';
import { sinkTargets } from '../feedback/event-sinks.ts';
import { createFeedbackHook, type FeedbackHook } from '../feedback/hook.ts';
import { coreHook } from '../feedback/hook-target.ts';
import type { Log } from '../observe/log/log.ts';
import type { Tracing } from '../observe/tracing/tracing.ts';
import type { Outbound } from '../outbound/outbound.ts';
import type { RelayEvents } from '../push/push.ts';
import type { ReportKeeper } from '../queue/file/kept-reports.ts';

export interface OpenFeedbackOptions {
  readonly config: Pick<Config, 'core' | 'apps' | 'sandbox' | 'log' | 'hub'>;
  readonly apps: AppRegistry;
  readonly outbound: Pick<Outbound, 'dispatcher' | 'guarded'>;
  /** The queue file, where there is one. */
  readonly keeper: ReportKeeper | undefined;
  readonly tracing: Tracing | undefined;
  readonly events: Required<Pick<RelayEvents, 'reported'>>;
  readonly log: Log;
}

/** What `core.worker_num` still means: in Gorush each worker called the hook for its own failures. */
const HOOK_CALLS_PER_WORKER = 10;

/** The hooks of all apps. What they have not taken when the relay is closed stays with the keeper. */
export function openFeedback(options: OpenFeedbackOptions, closers: AsyncDisposableStack): FeedbackHook {
  const { config, apps, outbound, keeper, tracing, events, log } = options;
  const sinks = sinkTargets(config.hub.enabled ? config.hub.sinks : {});
  const hookOf = createAppHooks({
    apps,
    own: coreHook(config.core),
    allowPrivate: config.apps.allow_private_hooks || config.sandbox.enabled,
  });
  const hook = createFeedbackHook({
    hookOf: sinks.size === 0 ? hookOf : (name) => sinks.get(name) ?? hookOf(name),
    dispatcher: outbound.dispatcher,
    guarded: outbound.guarded,
    log,
    keeper,
    hideMessages: config.log.hide_messages,
    observer: { reported: events.reported, trace: tracing && ((parent) => tracing.hook(parent)) },
    concurrency: config.core.worker_num * HOOK_CALLS_PER_WORKER,
  });
  closers.defer(() => hook.close());
  return hook;
}
