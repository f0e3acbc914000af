/** `node from-onesignal.js EXPORT.csv FOLDER`: OneSignal's CSV export as devices and people of Martlet. See docs/hub/from-onesignal.md. */
import { readCsv } from './csv.js';
import { given, openOutput } from './output.js';

const [path, folder] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node from-onesignal.js EXPORT.csv FOLDER');
  process.exit(2);
}

/** `device_type`, as OneSignal numbers it. */
const PHONES = { 0: 'ios', 1: 'android', 13: 'huawei' };
const BROWSERS = ['5', '7', '8', '12', '17'];
const EMAIL = '11';
const SMS = '14';

const isTrue = (text) => ['t', 'true', '1'].includes(text?.toLowerCase());
/** 0 and below: the person has not allowed notifications, or has switched them off. Not exported: nothing is known. */
const isOff = ({ notification_types: types = '' }) => types !== '' && Number(types) <= 0;
const granted = { granted: true, source: 'onesignal' };

const output = openOutput(folder);
for await (const row of readCsv(path)) {
  const { id, identifier, external_user_id: user, device_type: type } = row;
  if (!identifier) output.leaveOut('no token');
  else if (isTrue(row.invalid_identifier)) output.leaveOut('unsubscribed or uninstalled');
  else if (!user) output.leaveOut('no external_user_id');
  else if (BROWSERS.includes(type)) output.leaveOut('browser: its subscription is bound to the key of OneSignal');
  else if (type === EMAIL)
    output.person(user, { email: identifier, ...(isOff(row) ? {} : { consent: { email: granted } }) });
  else if (type === SMS)
    output.person(user, { phone: identifier, ...(isOff(row) ? {} : { consent: { sms: granted } }) });
  else if (!PHONES[type]) output.leaveOut(`device_type ${type}`);
  else {
    const {
      device_model: model,
      device_os: os_version,
      game_version: app_version,
      language,
      timezone_id: timezone,
    } = row;
    output.device({
      ...{ id, user, platform: PHONES[type], token: identifier },
      ...given({ model, os_version, app_version, locale: language, timezone }),
      ...(isOff(row) ? { enabled: false } : {}),
    });
  }
}
output.end();
