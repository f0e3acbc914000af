import type { AcceptedNotification } from './decide-input.ts';

/** A person of whom nothing but devices was named has decisions about pushes alone. */
export const isMeantByDevices = ({ to }: Pick<AcceptedNotification, 'to'>, user: string): boolean =>
  (to.devices?.length ?? 0) > 0 && !to.everyone && !to.users?.includes(user) && !to.teams?.length && !to.roles?.length;
