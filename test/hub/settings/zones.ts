/** Zones with every kind of change: whole hours, half hours, over midnight, in Ramadan, of the date line, and none at all. */
export const zones = [
  'Europe/Berlin',
  'Europe/London',
  'Europe/Dublin',
  'Europe/Athens',
  'America/New_York',
  'America/Los_Angeles',
  'America/St_Johns',
  'America/Havana',
  'America/Santiago',
  'America/Sao_Paulo',
  'America/Asuncion',
  'Australia/Lord_Howe',
  'Australia/Adelaide',
  'Pacific/Apia',
  'Pacific/Auckland',
  'Pacific/Chatham',
  'Asia/Kathmandu',
  'Asia/Tokyo',
  'Asia/Beirut',
  'Africa/Casablanca',
] as const;

/** UNIX milliseconds of the changes of a zone's clock from the start of one year to the start of another. */
export function transitionsOf(zone: string, from: number, to: number): number[] {
  const changes: number[] = [];
  let at = new Temporal.PlainDate(from, 1, 1).toZonedDateTime(zone).getTimeZoneTransition('next');
  while (at && at.year < to) {
    changes.push(at.epochMilliseconds);
    at = at.getTimeZoneTransition('next');
  }
  return changes;
}
