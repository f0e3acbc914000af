import { noProvider, type SystemRun } from '../contest.ts';

const IDLE_MS = 1000;

export const start: SystemRun = {
  start: noProvider,
  // A user who trusts no CA of his own does not pay for reading it.
  config: { core: { ca_path: '' } },
  run: async (relay) => {
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    return { startMs: relay.startMs, peakMb: relay.memory().now };
  },
};
