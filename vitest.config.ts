import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { GateReporter } from './test/support/gate-reporter.ts';

/**
 * What a file's name says of it:
 * `x.test.ts` unit: neither a process nor a peer that is not ours; the whole project takes less than a minute on two cores.
 * `x.peer.test.ts` peers: starts processes (ours, brokers, proxies, browsers), or computes for seconds. Five minutes with unit.
 * `x.heavy.test.ts` heavy: minutes, or the network, or root. `npm test` leaves these out; `npm run test:all` and CI do not.
 */
const projects = [
  // Files share a process: half of the time went into loading the same modules for each of them.
  { name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/**/*.{peer,heavy}.test.ts'], isolate: false },
  { name: 'peers', include: ['test/**/*.peer.test.ts'] },
  { name: 'heavy', include: ['test/**/*.heavy.test.ts'] },
];

export default defineConfig({
  test: {
    projects: projects.map((project) => ({ extends: true as const, test: project })),
    // Real sockets, real child processes, two cores: a file at a time for each worker, with patience.
    pool: 'forks',
    maxWorkers: 2,
    // Generous: no test asserts a time, and a busy machine is no failure.
    testTimeout: 180_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 100_000, interval: 20 } },
    // Where `go install` puts the peers that are written in Go; and what a start compiles, which is half of its CPU, for those that follow.
    env: {
      PATH: [process.env.PATH, join(homedir(), 'go', 'bin')].join(delimiter),
      NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules', '.cache', 'compiled'),
    },
    reporters: ['default', new GateReporter()],
  },
});
