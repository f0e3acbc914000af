/** Where the OTLP receiver of the configuration takes what, and what it is sent along. */

/** The path of the specification is added, or takes the place of that of the other signal. */
export const signalUrl = (endpoint: string, signal: 'traces' | 'metrics'): string =>
  `${endpoint.replace(/\/v1\/(?:traces|metrics)\/?$/, '').replace(/(?<!\/)\/+$/, '')}/v1/${signal}`;

/** @param lines `name: value` each */
export const receiverHeaders = (lines: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    }),
  );
