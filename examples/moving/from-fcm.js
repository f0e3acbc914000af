/** `node from-fcm.js TOKENS.csv FOLDER`: a table of FCM tokens as devices of Martlet. See docs/hub/from-fcm.md. */
import { readCsv } from './csv.js';
import { given, idOf, openOutput } from './output.js';

const [path, folder] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node from-fcm.js TOKENS.csv FOLDER');
  process.exit(2);
}

/** What columns are called in such tables; the first that is there counts. */
const COLUMNS = {
  user: ['user_id', 'user', 'uid'],
  token: ['token', 'fcm_token', 'registration_token', 'registration_id'],
  id: ['device_id', 'installation_id'],
  updated: ['updated_at', 'timestamp', 'last_seen_at'],
  active: ['active', 'enabled'],
};
/** After so long without the app FCM has given the token up. */
const STALE_MS = 270 * 86_400_000;
const OFF = ['f', 'false', '0'];

const output = openOutput(folder);
const seen = new Set();
for await (const row of readCsv(path)) {
  const column = (name) => COLUMNS[name].map((each) => row[each]).find((value) => value !== undefined && value !== '');
  const [user, token, id, updated, active] = ['user', 'token', 'id', 'updated', 'active'].map(column);
  if (!token) output.leaveOut('no token');
  else if (!user) output.leaveOut('no person');
  else if (OFF.includes(active?.toLowerCase())) output.leaveOut('not active');
  else if (updated && Date.now() - Date.parse(updated) > STALE_MS) output.leaveOut('270 days without the app');
  else if (seen.has(token)) output.leaveOut('the same token again');
  else {
    seen.add(token);
    const { locale, timezone, app_version, model, name } = row;
    output.device({
      id: id ?? idOf(token),
      user,
      platform: 'android',
      token,
      ...given({ locale, timezone, app_version, model, name }),
    });
  }
}
output.end();
