/** A length of time as Go prints it: `1h2m3.5s`, `1.5ms`, `0s`. @param ms milliseconds, 0 or more. */
export function goDuration(ms: number): string {
  const nanoseconds = Math.round(ms * 1e6);
  if (nanoseconds === 0) return '0s';
  if (nanoseconds < 1e3) return `${nanoseconds}ns`;
  if (nanoseconds < 1e6) return `${nanoseconds / 1e3}µs`;
  if (nanoseconds < 1e9) return `${nanoseconds / 1e6}ms`;
  const minutes = Math.floor(nanoseconds / 60e9);
  const seconds = `${(nanoseconds - minutes * 60e9) / 1e9}s`;
  if (minutes === 0) return seconds;
  return minutes < 60 ? `${minutes}m${seconds}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`;
}

/** A point in time as Go prints it, in UTC: `2026-01-02 15:04:05.678 +0000 UTC`. @param ms UNIX milliseconds. */
export function goTime(ms: number): string {
  const [date, time] = new Date(ms).toISOString().split('T') as [string, string];
  return `${date} ${time.slice(0, -1).replace(/\.?0{1,3}$/, '')} +0000 UTC`;
}
