import type { ActorName } from '../../hub/storage/audit.ts';
import type { HubRequest } from './hub-route.ts';

/** Who asks, as the hub's audit names it: `key:billing`, `user:ada`; `local` where no keys are configured. */
export const actorOf = ({ principal }: Pick<HubRequest, 'principal'>): ActorName => {
  if (!principal) return 'local';
  return principal.user ? `user:${principal.user.id}` : `${principal.kind}:${principal.name}`;
};
