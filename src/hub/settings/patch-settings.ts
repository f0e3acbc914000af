import { isObject } from '../../kit/is-object.ts';
import { mergePatch } from '../../kit/json/merge-patch.ts';
import type { FaultyField } from '../../kit/refusal.ts';
import { parseSettings, type SettingsDoc } from './settings-doc.ts';

/**
 * Settings after a merge patch (RFC 7396). What is kept has quiet hours with `windows`, so a patch in the form `{start, end}` takes
 * the windows' place, and one end alone is a fault.
 */
export function patchSettings(doc: SettingsDoc, patch: unknown): SettingsDoc | readonly FaultyField[] {
  return parseSettings(mergePatch(isObject(patch) ? withoutReplaced(doc, patch) : doc, patch));
}

type Given = Readonly<Record<string, unknown>>;

function withoutReplaced(doc: object, patch: Given): object {
  const { quiet_hours: quiet, devices, ...rest } = doc as Given;
  return {
    ...rest,
    ...(isObject(quiet) ? { quiet_hours: hasSpan(patch) ? withoutWindows(quiet) : quiet } : {}),
    ...(isObject(devices) ? { devices: isObject(patch.devices) ? ofEach(devices, patch.devices) : devices } : {}),
  };
}

const hasSpan = ({ quiet_hours: quiet }: Given): boolean =>
  isObject(quiet) && !('windows' in quiet) && ('start' in quiet || 'end' in quiet);

const withoutWindows = ({ windows: _, ...quiet }: Given): Given => quiet;

const ofEach = (devices: Given, patches: Given): Given =>
  Object.fromEntries(
    Object.entries(devices).map(([id, device]) => {
      const patch = Object.hasOwn(patches, id) ? patches[id] : undefined;
      return [id, isObject(device) && isObject(patch) ? withoutReplaced(device, patch) : device];
    }),
  );
