import { reasonIn } from '../../../carrier/reasons.ts';
import { adviceFor } from '../../../providers/advice.ts';
import type { ProviderTable } from '../../../providers/registry.ts';
import type { Category } from '../../../push/push.ts';
import type { HopDecision } from '../../notifications/decision.ts';
import { adviceOnReason } from '../../notifications/reason-advice.ts';
import { words } from '../../notifications/words.ts';
import type { Row } from '../../storage/storage.ts';
import { hopOf, type WordsOf } from './notification-view.ts';

/** Sentences about decisions; those about a provider's word say what to do about it. */
export const wordsFor =
  (providers: ProviderTable): WordsOf =>
  (decision) => {
    const advice = adviceOnReason(decision) ?? adviceOf(decision, providers);
    const { advice: own, ...detail } = decision.detail ?? {};
    return {
      words: words({ ...decision, detail }),
      ...((own ?? advice) === undefined ? {} : { advice: own ?? advice }),
    };
  };

/** What became of a decision that is kept, in a sentence. */
export const decisionWords =
  (wordsOf: WordsOf) =>
  (row: Row<'decisions'>): { text: string; state: string; reason?: string } => {
    const decision = hopOf(row);
    const { words: sentence, advice } = wordsOf(decision);
    const { state, reason } = decision;
    const text = advice === undefined ? sentence : `${sentence} ${advice}`;
    return { text, state, ...(reason === undefined ? {} : { reason }) };
  };

function adviceOf({ state, reason, channel, detail }: HopDecision, providers: ProviderTable): string | undefined {
  if (state !== 'failed' || reason === undefined) return undefined;
  const rows = channel === 'push' ? providers.rows : providers.rows.filter(({ platform }) => platform === channel);
  const provider = rows.find((row) => reasonIn(row.reasons, reason))?.name;
  const category = detail?.category as Category | undefined;
  return adviceFor(
    {
      ...{ reason, isFinal: true },
      ...(category === undefined ? {} : { category }),
      ...(provider === undefined ? {} : { provider }),
    },
    providers,
  );
}
