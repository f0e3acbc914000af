import { hostname } from 'node:os';
import { goDuration, goTime } from './go-format.ts';

type Counts = Record<string, number>;

/** Counts the HTTP answers of this process, for GET /sys/stats (the keys of github.com/thoas/stats). */
export interface SysStats {
  /** A request has come: returns what `end` wants. */
  begin(): number;
  /** Its answer has gone. @param size bytes of the body. */
  end(begun: number, status: number, size: number): void;
  /** The body of GET /sys/stats. Times in seconds, sizes in bytes; `status_code_count` covers the current second. */
  read(): object;
}

export interface SysStatsOptions {
  readonly now?: () => number;
  readonly monotonic?: () => number;
  readonly pid?: number;
  readonly host?: string;
}

const sum = (counts: Counts): number => Object.values(counts).reduce((total, count) => total + count, 0);
const average = (total: number, count: number): number => (count === 0 ? 0 : total / count);

export function createSysStats(options: SysStatsOptions = {}): SysStats {
  const { now = Date.now, monotonic = () => performance.now(), pid = process.pid, host = hostname() } = options;
  const startedAt = monotonic();
  const totals: Counts = {};
  let second = 0;
  let current: Counts = {};
  let responseMs = 0;
  let responseBytes = 0;

  /** Codes seen before stay in the list with 0: a dashboard's query does not lose its key in a quiet second. */
  const thisSecond = (): Counts => {
    const at = Math.floor(monotonic() / 1000);
    if (at !== second) {
      second = at;
      current = Object.fromEntries(Object.keys(totals).map((code) => [code, 0]));
    }
    return current;
  };

  return {
    begin: monotonic,
    end(begun, status, size) {
      const counts = thisSecond();
      counts[status] = (counts[status] ?? 0) + 1;
      totals[status] = (totals[status] ?? 0) + 1;
      responseMs += monotonic() - begun;
      responseBytes += size;
    },
    read() {
      const uptime = monotonic() - startedAt;
      const total = sum(totals);
      return {
        pid,
        hostname: host,
        uptime: goDuration(uptime),
        uptime_sec: uptime / 1000,
        time: goTime(now()),
        unixtime: Math.floor(now() / 1000),
        status_code_count: { ...thisSecond() },
        total_status_code_count: { ...totals },
        count: sum(thisSecond()),
        total_count: total,
        total_response_time: goDuration(responseMs),
        total_response_time_sec: responseMs / 1000,
        total_response_size: responseBytes,
        average_response_size: Math.floor(average(responseBytes, total)),
        average_response_time: goDuration(average(responseMs, total)),
        average_response_time_sec: average(responseMs, total) / 1000,
        total_metrics_counts: {},
        average_metrics_timers: {},
      };
    },
  };
}
