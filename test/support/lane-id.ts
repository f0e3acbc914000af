import { LaneId, type LaneParts } from '../../src/push/lane-id.ts';

/** A lane of the default app to APNs, but for what is said. */
export const laneId = (parts: Partial<LaneParts> = {}): LaneId =>
  new LaneId({ app: 'default', provider: 'apns', environment: 'production', ...parts });
