import { defined } from '../../../kit/json/defined.ts';
import { isoInstant } from '../../../kit/time/instant.ts';
import type { JsonObject } from '../../../push/push.ts';
import { type ContentSources, contentOf } from './content.ts';

/** The payload of a notification's event in a person's stream, whose type is that of the notification. */
export function eventPayload(sources: ContentSources, languages: readonly (string | undefined)[]): JsonObject {
  const { notification } = sources;
  const { actions, hidden, ...content } = contentOf(sources, 'realtime', languages);
  const { id, type, priority, severity, status, collapse_key, created_at, expires_at, redact } = notification;
  const carries = (field: string): boolean => !hidden && !redact?.realtime?.includes(field);
  return defined({
    id,
    type,
    priority,
    severity: carries('severity') ? severity : undefined,
    status: carries('status') ? status : undefined,
    ...content,
    actions: actions.length > 0 ? actions : undefined,
    collapse_key,
    created_at: isoInstant(created_at),
    expires_at,
  }) as JsonObject;
}
