import type { Presence } from './presence.ts';

/**
 * What becomes of an event for a person without a connection: `keep`: it is kept, for when they come; `seen`: it is kept if they were
 * here within the memory of presence; `drop`: it is not.
 */
export type OfflineRule = 'keep' | 'seen' | 'drop';

/** Those of `users` for whom an event is kept, in their order. A tracker that fails keeps it for all. */
export async function wantedUsers(
  presence: Presence,
  rule: OfflineRule,
  users: readonly string[],
): Promise<readonly string[]> {
  if (rule === 'keep') return users;
  try {
    if (rule === 'drop') return await presence.onlineUsers(users);
    const views = await presence.look(users);
    return users.filter((user) => {
      const view = views.get(user);
      return view?.online || view?.lastActiveAt !== undefined;
    });
  } catch {
    return users;
  }
}
