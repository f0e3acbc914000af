import { first } from './0001-first.ts';
import { deviceStatus } from './0002-device-status.ts';
import { pushTopics } from './0003-push-topics.ts';
import { engagements } from './0004-engagements.ts';
import { plans } from './0005-plans.ts';
import { streams } from './0006-streams.ts';
import { incidents } from './0007-incidents.ts';
import { decisionBatch } from './0008-decision-batch.ts';
import { tasks } from './0009-tasks.ts';
import { schedules } from './0010-schedules.ts';
import { collapsePlace } from './0011-collapse-place.ts';
import { analytics } from './0012-analytics.ts';
import { formerTargetsTable } from './0013-former-targets.ts';
import { dueDeaths } from './0014-due-deaths.ts';
import { erasures } from './0015-erasures.ts';
import { listPlaces } from './0016-list-places.ts';
import { heldTimers } from './0017-held-timers.ts';
import type { Migration } from './migrate.ts';

/** In the order in which they are done. One that a release has had is never changed: what is wrong with it, the next one mends. */
export const migrations: readonly Migration[] = [
  first,
  deviceStatus,
  pushTopics,
  engagements,
  plans,
  streams,
  incidents,
  decisionBatch,
  tasks,
  schedules,
  collapsePlace,
  analytics,
  formerTargetsTable,
  dueDeaths,
  erasures,
  listPlaces,
  heldTimers,
];
