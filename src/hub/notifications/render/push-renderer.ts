import type { Notification } from '../../../push/push.ts';
import type { ContentSources } from './content.ts';
import { localeFor } from './localised.ts';
import { type PushVariant, pushOf } from './push.ts';

/**
 * Renders the pushes of one notification, each variant once: devices that differ in nothing that shows get the very same object, by
 * which they are found to go together. A send to a million devices renders a few dozen.
 */
export class PushRenderer {
  readonly #sources: ContentSources;
  readonly #now: number;
  readonly #made = new Map<string, Notification>();

  /** @param now UNIX milliseconds */
  constructor(sources: ContentSources, now: number) {
    this.#sources = sources;
    this.#now = now;
  }

  push(variant: PushVariant): Notification {
    const { platform, kind, environment, languages, user, silent, badge } = variant;
    // Of the languages only the text that they choose shows.
    const { notification, policy } = this.#sources;
    const locale = localeFor(notification, [...languages, policy.locale]);
    const key = JSON.stringify([platform, kind, environment, locale, user, silent, badge]);
    const known = this.#made.get(key);
    if (known) return known;
    const made = pushOf(this.#sources, variant, this.#now);
    this.#made.set(key, made);
    return made;
  }
}
