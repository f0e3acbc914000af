import { type ReasonTable, reasonIn } from '../../carrier/reasons.ts';
import { isObject } from '../../kit/is-object.ts';
import { maskToken } from '../../observe/log/redaction.ts';
import type { ProviderTable } from '../../providers/registry.ts';
import { ACCEPTED, type Category, categories, type Failed, type Outcome } from '../../push/push.ts';
import type { PeerRequest } from './peer-request.ts';

/** What a Gorush or a Martlet says to a push request, as far as it is of use here. */
export interface PeerAnswer {
  readonly counts: number;
  readonly logs: readonly Readonly<Record<string, unknown>>[];
}

/** Undefined for an object that no Gorush would send. */
export function peerAnswer(body: Readonly<Record<string, unknown>> | undefined): PeerAnswer | undefined {
  const { counts, logs } = body ?? {};
  if (typeof counts !== 'number') return undefined;
  return { counts, logs: Array.isArray(logs) ? logs.filter(isObject) : [] };
}

/** Those that end a push. */
const CATEGORIES = new Set<string>(categories.filter((category) => category !== 'pending'));

/** What Gorush v1.22 writes for answers of FCM and HMS that the word tables have under a code. */
const TEXTS: readonly (readonly [RegExp, Category, string])[] = [
  [/^max capacity reached$/, 'not_sent', 'QueueFull'],
  [/requested entity was not found|notregistered/i, 'invalid_token', 'UNREGISTERED'],
  [/registration token is not (?:a )?valid|invalid registration token/i, 'invalid_token', 'INVALID_ARGUMENT'],
  [/sender ?id mismatch/i, 'invalid_token', 'SENDER_ID_MISMATCH'],
  [
    /dial tcp|connection re|no such host|timeout|deadline exceeded|EOF|unavailable|internal/i,
    'unavailable',
    'Unreachable',
  ],
];

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** An entry of a Gorush: only a text. `words` are the provider's; APNs' come as they are. */
function failedByText(error: string, words: ReasonTable | undefined): Failed {
  const known = words && reasonIn(words, error);
  if (known) return { kind: 'failed', category: known.category, reason: error, error };
  const [, category = 'invalid_request', reason = 'Refused'] = TEXTS.find(([text]) => text.test(error)) ?? [];
  return { kind: 'failed', category: category as Category, reason: reason as string, error };
}

/** An entry of a Martlet. One that is still pending goes on there. */
function outcomeOfEntry(entry: Readonly<Record<string, unknown>>, words: ReasonTable | undefined): Outcome {
  const { type, category, status } = entry;
  const provider = typeof entry.provider_id === 'string' ? { providerId: entry.provider_id } : {};
  if (type === 'succeeded-push' || category === 'pending') return { kind: 'accepted', ...provider };
  const error = textOf(entry.error);
  if (typeof category !== 'string' || !CATEGORIES.has(category)) return failedByText(error, words);
  return {
    kind: 'failed',
    category: category as Category,
    reason: textOf(entry.reason),
    error,
    ...(typeof status === 'number' ? { status } : {}),
    ...provider,
    ...(typeof entry.unregistered_at === 'string' ? { unregisteredAt: entry.unregistered_at } : {}),
  };
}

/** The targets of a request, by how the answer may write them: as they are, or masked (Gorush's default) where no other looks like it. */
function byName(targets: Iterable<string>): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const masks = Map.groupBy(targets, maskToken);
  for (const [mask, [target, ...others]] of masks)
    if (target !== undefined && others.length === 0) names.set(mask, target);
  for (const target of targets) names.set(target, target);
  return names;
}

const OFF: Failed = {
  kind: 'failed',
  category: 'disabled',
  reason: 'PlatformDisabled',
  error: 'the other Gorush does not send to this platform',
};

/**
 * The outcome of each target of a request. An answer that does not speak of a target (an asynchronous one speaks of none) means that it
 * was taken. Of several entries about one target the last counts: Gorush writes one for each attempt.
 */
export function outcomesOf(
  { targets, platform }: PeerRequest,
  { counts, logs }: PeerAnswer,
  providers: Pick<ProviderTable, 'numbered'>,
): ReadonlyMap<string, Outcome> {
  // Gorush counts what it takes, and says nothing of a platform that is off.
  if (counts === 0 && logs.length === 0) return new Map([...targets].map((target) => [target, OFF]));
  const words = providers.numbered(platform)?.reasons;
  const names = byName(targets);
  const outcomes = new Map<string, Outcome>([...targets].map((target) => [target, ACCEPTED]));
  for (const entry of logs) {
    const outcome = outcomeOfEntry(entry, words);
    const token = textOf(entry.token);
    const target = names.get(token);
    if (target !== undefined) outcomes.set(target, outcome);
    // FCM could not be asked at all.
    else if (token === '') for (const each of targets) outcomes.set(each, outcome);
  }
  return outcomes;
}
