/** Devices whose tokens cannot be read: that is found when something leaves for them, so that it costs nothing otherwise. */
import { isReadable } from '../../devices/device-rows.ts';
import type { Leaving, PersonAt } from '../step-people.ts';

/** The same people, with the devices marked that cannot be sent to; undefined: there are none. */
export function withUnreadable(
  people: readonly PersonAt[],
  leaving: readonly Pick<Leaving, 'device'>[],
): readonly PersonAt[] | undefined {
  const spoilt = new Set<string>();
  for (const { device } of leaving) if (device && !isReadable(device)) spoilt.add(device.id);
  if (spoilt.size === 0) return undefined;
  return people.map((person) => ({
    ...person,
    facts: {
      ...person.facts,
      devices: person.facts.devices.map((device) =>
        spoilt.has(device.id) ? { ...device, unreadable: true as const } : device,
      ),
    },
  }));
}
