/** What all converters write: devices.ndjson and people.ndjson in a folder, and how much was left out, by reason. */
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** An id for a device that has none of its own: it says nothing of the token. */
export const idOf = (token) => `moved-${createHash('sha256').update(token).digest('hex').slice(0, 24)}`;

export function openOutput(folder) {
  mkdirSync(folder, { recursive: true });
  // For the owner alone: there are tokens and addresses in it.
  const files = { devices: openSync(join(folder, 'devices.ndjson'), 'w', 0o600) };
  const people = new Map();
  const counts = { devices: 0, people: 0, left_out: {} };
  return {
    device(device) {
      writeSync(files.devices, `${JSON.stringify(device)}\n`);
      counts.devices++;
    },
    /** What is known of a person is laid together. */
    person(id, { consent, ...more }) {
      const known = people.get(id) ?? {};
      people.set(id, { ...known, ...more, ...(consent ? { consent: { ...known.consent, ...consent } } : {}) });
    },
    leaveOut(reason) {
      counts.left_out[reason] = (counts.left_out[reason] ?? 0) + 1;
    },
    end() {
      closeSync(files.devices);
      const file = openSync(join(folder, 'people.ndjson'), 'w', 0o600);
      for (const [id, person] of people) writeSync(file, `${JSON.stringify({ id, ...person })}\n`);
      closeSync(file);
      console.log(JSON.stringify({ ...counts, people: people.size }));
    },
  };
}

/** `{}` without what is empty. */
export const given = (fields) =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null && value !== ''),
  );
