import type { Draft } from './draft.ts';

/** True when pushes may go out though no platform of the default app is on. */
export const hasApps = ({ config: { apps }, env }: Draft): boolean =>
  Object.keys(apps.named).length > 0 || apps.master_key_path !== '' || Boolean(env.MARTLET_MASTER_KEY);
