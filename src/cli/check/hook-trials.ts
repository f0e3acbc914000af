import { isHttpUrl } from '../../host/config/check-server.ts';
import type { FullConfig } from '../../providers/registry.ts';
import type { Trial } from './trial.ts';

/** A start goes on with such a URL, as Gorush does, and reports no failed push. Those of the apps are looked at by the configuration. */
export const hookTrials = ({ core: { feedback_hook_url: url } }: FullConfig): readonly Trial[] =>
  url === '' || isHttpUrl(url) ? [] : [{ key: 'core.feedback_hook_url', look: refuse }];

function refuse(): never {
  throw new Error('must be an http:// or https:// URL, or empty: failed pushes would not be reported');
}
