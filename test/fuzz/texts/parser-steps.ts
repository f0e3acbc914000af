import { apnsHeaders, apnsPayload } from '../../../src/apns/payload.ts';
import { hostRules } from '../../../src/carrier/hosts.ts';
import { nearestKey } from '../../../src/config/unknown/nearest-key.ts';
import { mailContent } from '../../../src/email/payload.ts';
import { expoMessage } from '../../../src/expo/payload.ts';
import { fcmMessage } from '../../../src/fcm/payload.ts';
import { hmsMessage } from '../../../src/hms/payload.ts';
import { pathOf } from '../../../src/kit/http/exact-routes.ts';
import { nearest } from '../../../src/kit/nearest.ts';
import { bareText, pemBlocks, repairedPem } from '../../../src/kit/pem.ts';
import { retryAfterMs } from '../../../src/kit/retry-after.ts';
import { ntfyMessage } from '../../../src/ntfy/payload.ts';
import { maskTarget } from '../../../src/observe/history/token-mask.ts';
import { withoutTargets } from '../../../src/observe/history/without-targets.ts';
import { errorRedactor, maskToken } from '../../../src/observe/log/redaction.ts';
import { builtIn } from '../../../src/providers/registry.ts';
import { entryText } from '../../../src/push/entry-text.ts';
import type { JsonObject, Notification } from '../../../src/push/push.ts';
import { decodeMessage, encodeMessage } from '../../../src/queue/broker/broker-message.ts';
import { slackMessage } from '../../../src/slack/payload.ts';
import { smsText } from '../../../src/sms/payload.ts';
import { failed, settlement } from '../../support/settlement.ts';
import { hubSteps } from './hub-steps.ts';

/** Every text of a notification that a provider reads. */
const notification = (text: string): Notification => ({
  platform: 1,
  tokens: [text],
  notif_id: text,
  title: text,
  message: text,
  image: text,
  topic: text,
  category: text,
  collapse_id: text,
  sound: text,
  priority: text,
  alert: { title: text, body: text, 'loc-args': [text] },
  data: { [text]: text, list: [text] },
  android: { ttl: text, notification: { title: text } } as JsonObject,
  huawei_ttl: text,
});

const LIMITS = { depth: 100, keys: 200_000, targets: 200_000, notifications: 100 };
const WORDS = ['title', 'message', 'ios.key_path', 'android.key_path'];
const request = { id: 'r', app: 'default', acceptedAt: 0 };

/** What is done to texts on the way in, out and back, one by one. A step may refuse them; it takes time in proportion to their length. */
export const parserSteps: Readonly<Record<string, (text: string) => unknown>> = {
  'a body of JSON': (text) => builtIn.decoder.decode(JSON.stringify({ notifications: [notification(text)] }), LIMITS),
  'a body that is none': (text) => builtIn.decoder.decode(text, LIMITS),
  'a body with the text as a name': (text) =>
    builtIn.decoder.decode(
      `{"notifications":[{${JSON.stringify(text)}:1,"platform":${JSON.stringify(text)}}]}`,
      LIMITS,
    ),
  'a path': pathOf,
  'a date of Retry-After': (text) => retryAfterMs(text),
  'a key that is repaired': repairedPem,
  'blocks of PEM': pemBlocks,
  'a text that was copied': bareText,
  'the key that was meant': (text) => nearestKey(text, WORDS),
  'the name that was meant': (text) => nearest(text, WORDS),
  'the URL of a host that is allowed': (text) =>
    hostRules({ hosts: ['*.example.com'] }).originOf(new URL(`https://${text}`)),
  'a payload of APNs': (text) => apnsPayload(notification(text)),
  'headers of APNs': (text) => apnsHeaders(notification(text)),
  'a message of FCM': (text) => fcmMessage(notification(text)),
  'a message of HMS': (text) => hmsMessage(notification(text)),
  'a message of Expo': (text) => expoMessage(notification(text)),
  'a message of ntfy': (text) => ntfyMessage(notification(text), 'default'),
  'a message of Slack': (text) => slackMessage(notification(text)),
  'a text message': (text) => smsText(notification(text), 10),
  'a mail': (text) => mailContent(notification(text)),
  'a mask of the log': maskToken,
  'a mask of the history': (text) => maskTarget(text, 'token'),
  "a provider's text in the log": (text) => {
    const its = settlement([text], [failed()], { notification: notification(text) });
    return errorRedactor(its, { tokens: true, messages: true })(text.slice(0, -1) + text);
  },
  "a provider's text in the history": (text) =>
    withoutTargets(text.slice(0, -1) + text, settlement([text], [failed()])),
  'a text of an entry': (text) => entryText(text, { tokens: ['a', 'b', 'c', 'd'] }),
  'a message of a broker': (text) => decodeMessage(encodeMessage(request, notification(text)), '', 0),
  ...hubSteps,
};
