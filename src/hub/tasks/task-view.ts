import { isoInstant } from '../../kit/time/instant.ts';
import type { Task } from './task.ts';

/** A task, as answers show it. */
export function taskView({ id, state, doc, created_at, updated_at }: Task) {
  const { title = id, users = [], data = {}, ...rest } = doc;
  return {
    ...{ id, title, state, ...rest, users, data },
    ...{ created_at: isoInstant(created_at), updated_at: isoInstant(updated_at) },
  };
}
