/** `node from-novu.js SUBSCRIBERS.ndjson FOLDER`: pages of Novu's subscribers as devices and people of Martlet. See docs/hub/from-novu.md. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { given, idOf, openOutput } from './output.js';

const [path, folder] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node from-novu.js SUBSCRIBERS.ndjson FOLDER');
  process.exit(2);
}

/** `providerId` of credentials with `deviceTokens`. */
const PLATFORMS = { apns: 'ios', fcm: 'android', expo: 'expo' };

const output = openOutput(folder);
const seen = new Set();

function moveChannel(subscriber, { providerId, credentials = {} }) {
  const { subscriberId: user, locale, timezone } = subscriber;
  const tokens = credentials.deviceTokens ?? [];
  const platform = PLATFORMS[providerId];
  if (!platform) output.leaveOut(`credentials of ${providerId}`);
  else
    for (const token of tokens.filter(Boolean))
      if (seen.has(token)) output.leaveOut('the same token again');
      else {
        seen.add(token);
        output.device({ id: idOf(token), user, platform, token, ...given({ locale: tag(locale), timezone }) });
      }
}

/** Novu has `en_US` as well. */
const tag = (locale) => locale?.replaceAll('_', '-');

function move(subscriber) {
  const {
    subscriberId: user,
    firstName,
    lastName,
    email,
    phone,
    locale,
    timezone,
    data,
    channels,
    deleted,
  } = subscriber;
  if (deleted) return output.leaveOut('deleted');
  const name = [firstName, lastName].filter(Boolean).join(' ');
  // Novu keeps no consent: who may be mailed or texted is yours to say.
  output.person(user, given({ name, email, phone, locale: tag(locale), timezone, data }));
  for (const channel of channels ?? []) moveChannel(subscriber, channel);
}

// A line is a page as the API answers it, or a subscriber.
for await (const line of createInterface({ input: createReadStream(path) })) {
  if (line.trim() === '') continue;
  const read = JSON.parse(line);
  for (const subscriber of Array.isArray(read.data) ? read.data : [read]) move(subscriber);
}
output.end();
