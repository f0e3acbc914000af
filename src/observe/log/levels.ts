import { ConfigError } from '../../kit/errors.ts';

/** logrus' levels, from the least to the most urgent, as pino's numbers. Nothing is logged at `panic`: it silences a log. */
export const logLevels = { trace: 10, debug: 20, info: 30, warning: 40, error: 50, fatal: 60, panic: 70 } as const;

export type LogLevel = keyof typeof logLevels;

/**
 * @param which the log, for the error.
 * @throws ConfigError with Gorush's words.
 */
export function parseLevel(which: 'access' | 'error', text: string): LogLevel {
  const level = text.toLowerCase();
  if (level === 'warn') return 'warning';
  if (Object.hasOwn(logLevels, level)) return level as LogLevel;
  throw new ConfigError(
    '',
    `can't load log module, error: Set ${which} log level error: not a valid logrus Level: ${JSON.stringify(text)}`,
  );
}
