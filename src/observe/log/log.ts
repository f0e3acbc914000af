import pino from 'pino';
import { Throttle } from '../../kit/throttle.ts';
import { builtIn, type ProviderTable } from '../../providers/registry.ts';
import type { RelayEvents } from '../../push/push.ts';
import { type AuditRecord, auditLine } from './audit-line.ts';
import { isoClock } from './clock.ts';
import { GatheredStream } from './gathered-stream.ts';
import { type LogLevel, logLevels, parseLevel } from './levels.ts';
import { createPushLines, type PushLog } from './push-lines.ts';
import { type LogFile, type LogStream, openLogFile } from './sink.ts';
import { generalText, oneLine, stamp, type TextStyle } from './text-line.ts';

/** The `log` section of the configuration. */
export interface LogConfig {
  readonly format: string;
  readonly access_log: string;
  readonly access_level: string;
  readonly error_log: string;
  readonly error_level: string;
  readonly hide_token: boolean;
  readonly hide_messages: boolean;
  /** `stdout` or a path; default: none. */
  readonly audit?: string;
}

export interface LogOptions {
  readonly stdout: LogStream;
  readonly stderr: LogStream;
  /** Plain text is coloured and stamped with the time; default false. */
  readonly isTTY?: boolean;
  /** Default: those of this version. */
  readonly providers?: Pick<ProviderTable, 'ofPlatform'>;
  /** UNIX milliseconds. */
  readonly now?: () => number;
  /** Monotonic milliseconds. */
  readonly monotonic?: () => number;
}

/** An answered HTTP request, for the access log. `path` without its query. */
export interface RequestLine {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly ms: number;
  readonly size: number;
}

type Fields = Record<string, unknown>;

export interface Log {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  /** To the error log, or to the access log where the error log's level would drop it: a warning is not lost by default. */
  warn(message: string, fields?: Fields): void;
  /** Only what a person must fix. An `err` field may be an Error. */
  error(message: string, fields?: Fields): void;
  request(line: RequestLine): void;
  /** Who did what; undefined without `log.audit`. */
  readonly audit: ((record: AuditRecord) => void) | undefined;
  /** Push lines; and, at most once a minute, that the queue refuses pushes. */
  readonly events: Required<Pick<RelayEvents, 'settled' | 'late' | 'refused'>>;
  /** Reopens log files; for SIGHUP. */
  reopen(): void;
  /** Writes the push and request lines of this turn of the event loop, at once; lines of our own never wait. */
  flush(): void;
  /** Flushes and closes what was opened here. */
  close(): void;
}

/** An error's own properties may hold anything; only these are known to be fit for a log. */
const errorFields = (error: unknown): unknown =>
  error instanceof Error
    ? { type: error.name, message: error.message, code: (error as { code?: unknown }).code, stack: error.stack }
    : error;

interface Target {
  readonly stream: GatheredStream;
  readonly style: TextStyle;
}

function createLogger(level: LogLevel, { stream, style }: Target, json: boolean, time: () => string) {
  const write = (line: string): void => stream.writeNow(json ? line : generalText(line, style.colours));
  return pino<LogLevel, true>(
    {
      level,
      customLevels: logLevels,
      useOnlyCustomLevels: true,
      base: null,
      timestamp: () => `,"time":"${time()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: errorFields },
    },
    { write },
  );
}

type Logger = ReturnType<typeof createLogger>;

interface Targets {
  readonly access: Target;
  readonly error: Target;
  readonly audit: GatheredStream | undefined;
  readonly streams: readonly GatheredStream[];
  readonly files: readonly LogFile[];
}

/** Opens the two targets; one stream when both are the same. */
function openTargets(config: LogConfig, options: LogOptions): Targets {
  const { isTTY = false } = options;
  const throttle = new Throttle(60_000, options.monotonic);
  const files: LogFile[] = [];
  const targets = new Map<string, Target>();
  const tell = (trouble: string): void =>
    throttle.add('file', 1, () => void options.stderr.write(`${oneLine(trouble)}\n`));
  const open = (which: 'access' | 'error' | 'audit', path: string): Target => {
    if (path === 'stdout' || path === 'stderr')
      return { stream: new GatheredStream(options[path]), style: { colours: isTTY, stamped: isTTY } };
    const file = openLogFile(which, path, tell);
    files.push(file);
    return { stream: new GatheredStream(file), style: { colours: false, stamped: true } };
  };
  for (const which of ['access', 'error'] as const) {
    const path = config[`${which}_log`];
    if (!targets.has(path)) targets.set(path, open(which, path));
  }
  const { audit = '' } = config;
  if (audit !== '' && !targets.has(audit)) targets.set(audit, open('audit', audit));
  return {
    audit: targets.get(audit)?.stream,
    access: targets.get(config.access_log) as Target,
    error: targets.get(config.error_log) as Target,
    streams: [...targets.values()].map(({ stream }) => stream),
    files,
  };
}

function createRequestLine(access: Logger, { stream }: Target, json: boolean, time: () => string) {
  const enabled = access.isLevelEnabled('info');
  return ({ method, path, status, ms, size }: RequestLine): void => {
    if (!enabled) return;
    const took = Math.round(ms * 1000) / 1000;
    stream.write(
      json
        ? `${JSON.stringify({ level: 'info', time: time(), msg: 'request', method, path, status, ms: took, size })}\n`
        : `${stamp(time(), 'info')}${oneLine(`${method} ${path}`)} ${status} ${took}ms ${size}\n`,
    );
  };
}

/**
 * The access log and the error log, as `log.*` wants them.
 * @throws ConfigError with Gorush's words for an unknown level and a file that cannot be opened.
 */
export function createLog(config: LogConfig, options: LogOptions): Log {
  const time = isoClock(options.now ?? Date.now);
  const json = config.format === 'json';
  const levels = { access: parseLevel('access', config.access_level), error: parseLevel('error', config.error_level) };
  const targets = openTargets(config, options);
  const access = createLogger(levels.access, targets.access, json, time);
  const error = createLogger(levels.error, targets.error, json, time);
  const warner = error.isLevelEnabled('warning') ? error : access;
  const pushLog = (logger: Logger, target: Target, level: LogLevel): PushLog => ({
    ...target,
    enabled: logger.isLevelEnabled(level),
  });
  const pushLines = createPushLines({
    json,
    providers: options.providers ?? builtIn,
    hidden: { tokens: config.hide_token, messages: config.hide_messages },
    access: pushLog(access, targets.access, 'info'),
    error: pushLog(error, targets.error, 'error'),
    time,
  });
  const throttle = new Throttle(60_000, options.monotonic);
  const flush = (): void => {
    for (const stream of targets.streams) stream.flush();
  };
  return {
    debug: (message, fields = {}) => access.debug(fields, message),
    info: (message, fields = {}) => access.info(fields, message),
    warn: (message, fields = {}) => warner.warning(fields, message),
    error: (message, fields = {}) => error.error(fields, message),
    request: createRequestLine(access, targets.access, json, time),
    audit: targets.audit && ((record) => targets.audit?.write(auditLine(time(), record))),
    events: {
      settled: pushLines,
      late({ verdict, settlement }) {
        if (verdict === 'failed') pushLines(settlement);
      },
      refused({ reason, notifications }) {
        throttle.add('refused', notifications, (total) =>
          error.error({ reason, notifications: total }, 'notifications were refused with 503'),
        );
      },
    },
    reopen() {
      flush();
      for (const file of targets.files) file.reopen();
    },
    flush,
    close() {
      flush();
      for (const file of targets.files) file.close();
    },
  };
}
