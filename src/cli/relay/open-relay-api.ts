import type { WithConfig } from '../config-flags.ts';
import { type CliContext, readConfig } from '../context.ts';
import type { RelayApi } from './relay-api.ts';
import type { RelayPlace } from './relay-flags.ts';

/** The relay that a command is about. */
export async function openRelayApi(
  { place, ...command }: WithConfig & { readonly place: RelayPlace },
  context: CliContext,
): Promise<RelayApi> {
  const { RelayApi } = await import('./relay-api.ts');
  const { config } = readConfig(command, 'ping', context);
  const key = place.key ?? (context.env.MARTLET_API_KEY || undefined);
  return new RelayApi({ place: { ...place, key }, config });
}
