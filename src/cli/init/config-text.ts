import type { Choices } from './choices.ts';

/** JSON is YAML, whatever is in the text. */
const quoted = (text: string): string => JSON.stringify(text);

const sandboxText = (isOn: boolean): string =>
  isOn
    ? `sandbox:
  enabled: true # simulated providers: no push reaches a device. To send for real: false, and the credentials below
`
    : `sandbox:
  enabled: false # true: simulated providers, for trying things out
`;

const coreText = ({ address, port }: Choices): string => `core:
  address: ${quoted(address)} # "127.0.0.1": this machine alone; "": all interfaces
  port: ${quoted(port)}
  sync: true # answer when the outcome is known, with failed pushes in \`logs\`; false: answer at once
  feedback_hook_url: "" # gets a report of each failed push: docs/feedback.md
`;

const authText = ({ keyName, hub }: Choices, sha256: string): string => `auth:
  keys:
    ${keyName}: # the key itself is kept nowhere; martlet new-key makes another one
      sha256: ${quoted(sha256)}
      scopes: [push, read${hub ? ', users' : ''}]
`;

const iosText = ({ ios: { keyPath, keyId, teamId, topic, production }, sandbox }: Choices): string => `ios:
  enabled: ${sandbox || keyPath !== ''}
  key_path: ${quoted(keyPath)} # AuthKey_XXXXXXXXXX.p8 of Apple's developer pages: docs/first-push.md
  key_id: ${quoted(keyId)} # the ten characters in its name
  team_id: ${quoted(teamId)}
  topic: ${quoted(topic)} # the app's bundle id, for pushes of the hub; those of /api/push bring their own
  production: ${production} # true: apps of the App Store and TestFlight; false: builds from Xcode
  max_retry: 3
`;

const androidText = ({ android: { keyPath }, sandbox }: Choices): string => `android:
  enabled: ${sandbox || keyPath !== ''}
  key_path: ${quoted(keyPath)} # service account of the Firebase project, JSON: docs/first-push.md
  max_retry: 3
`;

const huaweiText = ({ huawei: { appid, appsecret }, sandbox }: Choices): string => `huawei:
  enabled: ${sandbox || appid !== ''}
  appid: ${quoted(appid)}
  appsecret: ${quoted(appsecret)}
  max_retry: 3
`;

const REST = `# Web Push, Expo, ntfy, mail, SMS and Slack have sections of their own: docs/configuration.md

queue:
  engine: "local" # a file: what was accepted survives a crash and a restart
  local:
    path: "data/queue.db"

log:
  format: "string" # or json
  access_level: "info"
  error_level: "error"
  hide_token: true
`;

const hubText = (isOn: boolean): string => `hub:
  enabled: ${isOn} # people, their devices and what they want to hear: docs/hub.md
`;

/** The text of a config.yml. */
export function configText(choices: Choices, sha256: string): string {
  return [
    '# Made by `martlet init`. Every key, with its default and its name in the environment: docs/configuration.md\n',
    sandboxText(choices.sandbox),
    coreText(choices),
    authText(choices, sha256),
    iosText(choices),
    androidText(choices),
    huaweiText(choices),
    hubText(choices.hub),
    REST,
  ].join('\n');
}
