import { DEFAULT_STREAMS } from '../config/hub/hub-streams-section.ts';
import type { Config } from '../config/schema.ts';
import { ConnectionRoom, roomWithin, shareRoom } from '../kit/net/connection-room.ts';
import { descriptorLimit } from '../kit/net/descriptor-limit.ts';
import type { Log } from '../observe/log/log.ts';

export interface ConnectionRooms {
  /** Of HTTP and gRPC together. */
  readonly callers: ConnectionRoom;
  /** Of `core.admin_address`. */
  readonly administration: ConnectionRoom;
}

export interface RoomsWanted {
  /** `core.max_connections`; 0: any number. */
  readonly callers: number;
  /** `hub.streams.max`; 0: any number. Undefined: there are no streams. */
  readonly streams: number | undefined;
}

const anyNumber = (wanted: number): number => (wanted > 0 ? wanted : Number.POSITIVE_INFINITY);

export const roomsWanted = ({ core, hub }: Pick<Config, 'core' | 'hub'>): RoomsWanted => ({
  callers: core.max_connections,
  streams: hub.enabled ? hub.streams.max : undefined,
});

/** Connections within what the system allows this process; told where that is less than the configuration does. */
export function openRooms(
  { callers: wanted, streams: wantedStreams }: RoomsWanted,
  log: Pick<Log, 'info' | 'warn'>,
  descriptors = descriptorLimit(),
): ConnectionRooms {
  const { callers, administration } = roomWithin(descriptors);
  const most = anyNumber(wanted);
  if (callers < wanted)
    log.warn(
      `core.max_connections: of ${wanted} connections ${callers} are served at once, as this process may have ${descriptors} files open (ulimit -n, LimitNOFILE)`,
    );
  const shared =
    wantedStreams === undefined ? undefined : shareRoom({ callers: most, streams: anyNumber(wantedStreams) }, callers);
  if (shared && wantedStreams && shared.streams < wantedStreams)
    log[wantedStreams === DEFAULT_STREAMS ? 'info' : 'warn'](
      `hub.streams.max: room for ${shared.streams} streams with connections of their own, of ${wantedStreams}: this process may have ${descriptors} files open (ulimit -n, LimitNOFILE)`,
    );
  return {
    callers: new ConnectionRoom(shared ?? Math.min(callers, most)),
    administration: new ConnectionRoom(Math.min(administration, most)),
  };
}
