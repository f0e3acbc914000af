import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { killAtExit } from './left-behind.ts';
import { MissingToolError } from './missing-tool.ts';

export interface H2loadRequest {
  /** One URL, or the path of a file with one URL a line. */
  readonly urls: string;
  readonly bodyPath: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly requests: number;
  readonly connections: number;
  /** Streams in flight on each connection; absent: HTTP/1.1. */
  readonly streams?: number;
  /** Where to note the time of each request; absent: they are not noted. */
  readonly logPath?: string;
}

export interface H2loadResult {
  readonly perSecond: number;
  /** Requests answered with 2xx. */
  readonly succeeded: number;
  /** Milliseconds of each request, when `logPath` was given. */
  readonly times: readonly number[];
  /** The head of what it printed, for a message. */
  readonly output: string;
}

const number = (output: string, pattern: RegExp): number => Number(pattern.exec(output)?.[1] ?? 0);

function readTimes(path: string): number[] {
  const lines = readFileSync(path, 'latin1').split('\n');
  rmSync(path);
  return lines.filter((line) => line !== '').map((line) => Number(line.split('\t')[2]) / 1000);
}

/** Posts one body again and again, from one thread in C, so that the client takes as little of the machine as can be. @throws MissingToolError */
export async function h2load(request: H2loadRequest): Promise<H2loadResult> {
  const { urls, bodyPath, headers, requests, connections, streams, logPath } = request;
  const args = [
    ...(streams === undefined ? ['--h1'] : ['-m', String(streams)]),
    ...['-n', String(requests), '-c', String(Math.min(connections, requests)), '-d', bodyPath],
    ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
    ...(logPath === undefined ? [] : [`--log-file=${logPath}`]),
    ...(urls.startsWith('http') ? [urls] : ['-i', urls]),
  ];
  const child = killAtExit(spawn('h2load', args, { stdio: ['ignore', 'pipe', 'inherit'] }));
  const ended = once(child, 'close').catch(() => {
    throw new MissingToolError('h2load', 'nghttp2-client');
  });
  const [output] = await Promise.all([text(child.stdout), ended]);
  return {
    perSecond: number(output, /finished in .*?, ([\d.]+) req\/s/),
    succeeded: number(output, /status codes: (\d+) 2xx/),
    times: logPath === undefined ? [] : readTimes(logPath),
    output: output.split('\n').slice(-20).join('\n'),
  };
}
