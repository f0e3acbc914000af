import type { Log } from '../observe/log/log.ts';

type Tell = (level: 'info' | 'warn' | 'error', message: string) => void;

const nothing = (): void => {};

/** A log that passes on what an operator should know, and writes nothing: no lines of pushes, none of requests. */
export const toldLog = (tell: Tell): Log => ({
  debug: nothing,
  info: (message) => tell('info', message),
  warn: (message) => tell('warn', message),
  error: (message) => tell('error', message),
  request: nothing,
  audit: undefined,
  events: { settled: nothing, late: nothing, refused: nothing },
  reopen: nothing,
  flush: nothing,
  close: nothing,
});
