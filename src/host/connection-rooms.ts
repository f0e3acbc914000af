import type { Config } from '../config/schema.ts';
import { ConnectionRoom, roomWithin } from '../kit/net/connection-room.ts';
import { descriptorLimit } from '../kit/net/descriptor-limit.ts';
import type { Log } from '../observe/log/log.ts';

export interface ConnectionRooms {
  /** Of HTTP and gRPC together. */
  readonly callers: ConnectionRoom;
  /** Of `core.admin_address`. */
  readonly administration: ConnectionRoom;
}

/** Connections within what the system allows this process; told where that is less than the configuration does. */
export function openRooms(
  { max_connections: wanted }: Pick<Config['core'], 'max_connections'>,
  log: Pick<Log, 'warn'>,
  descriptors = descriptorLimit(),
): ConnectionRooms {
  const { callers, administration } = roomWithin(descriptors);
  const most = wanted > 0 ? wanted : Number.POSITIVE_INFINITY;
  if (callers < wanted)
    log.warn(
      `core.max_connections: of ${wanted} connections ${callers} are served at once, as this process may have ${descriptors} files open (ulimit -n, LimitNOFILE)`,
    );
  return {
    callers: new ConnectionRoom(Math.min(callers, most)),
    administration: new ConnectionRoom(Math.min(administration, most)),
  };
}
