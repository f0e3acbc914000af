import { expect, test } from 'vitest';
import { fuzzFrames } from './frames.ts';
import { fuzzHeaderBlocks } from './header-blocks.ts';

/** They take three seconds each; a machine with other things to do may need more. */
const PATIENCE_MS = 120_000;

test(
  '50,000 mutated frames: the right answers, or a connection closed with the right code',
  async () => {
    // A fifth and more of the conversations break a rule; the others must come through.
    expect(await fuzzFrames(50_000, 20_260_301)).toBeGreaterThan(1000);
  },
  PATIENCE_MS,
);

test(
  '50,000 mutated header blocks: what another implementation decodes, or COMPRESSION_ERROR',
  () => {
    expect(fuzzHeaderBlocks(50_000, 20_260_301)).toBeGreaterThan(20_000);
  },
  PATIENCE_MS,
);
