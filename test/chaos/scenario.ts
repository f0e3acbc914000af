import type { RequirementName } from '../support/requirements.ts';
import type { Tally } from './tally.ts';
import type { World } from './world.ts';

/** `small` runs with the other tests, in seconds; `full` is the size that the promise is made for. */
export type Size = 'small' | 'full';

export interface Result {
  readonly tally: Tally;
  /** Further figures, for the table. */
  readonly notes?: Readonly<Record<string, string | number>>;
  /** Promises that were not kept, in words. */
  readonly broken: readonly string[];
}

/** A fault, and what must hold while it lasts and afterwards. */
export interface Scenario {
  readonly name: string;
  /** What it cannot be tried without. */
  readonly requires?: readonly RequirementName[];
  readonly run: (seed: number, size: Size) => Promise<Result>;
}

export interface Limits {
  /** Most deliveries beyond the first, as a share of the accepted pushes. */
  readonly duplicates?: number;
}

/** What must hold in every scenario. */
export function brokenPromises(tally: Tally, { duplicates }: Limits = {}): string[] {
  const broken: string[] = [];
  if (tally.accepted === 0) broken.push('nothing was accepted');
  if (tally.lost > 0) broken.push(`${tally.lost} pushes are lost`);
  if (tally.queued > 0) broken.push(`${tally.queued} pushes still wait`);
  const most = duplicates === undefined ? Number.POSITIVE_INFINITY : duplicates * tally.accepted;
  if (tally.duplicate > most) broken.push(`${tally.duplicate} duplicates, more than ${most}`);
  return broken;
}

/** Opens a world, and closes it whatever happens. */
export async function inWorld<T>(open: Promise<World>, run: (world: World) => Promise<T>): Promise<T> {
  const world = await open;
  try {
    return await run(world);
  } finally {
    await world.close();
  }
}

const WIDTH = 44;

/** A line of the table. */
export function line(name: string, { tally, notes = {}, broken }: Result): string {
  const { accepted, delivered, reported, queued, duplicate, lost } = tally;
  const figures = { accepted, delivered, reported, ...(queued > 0 ? { queued } : {}), duplicate, lost, ...notes };
  const text = Object.entries(figures).map(([key, value]) => `${key} ${value}`);
  return `${broken.length === 0 ? 'ok  ' : 'FAIL'} ${name.padEnd(WIDTH)} ${text.join('  ')}`;
}
