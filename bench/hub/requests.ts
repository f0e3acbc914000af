/** The requests of the hub's scenarios, each with ids of its own. */

export interface Request {
  readonly method: 'PUT' | 'POST';
  readonly path: string;
  readonly body: string;
}

const TITLE = 'Your parcel has arrived';
const MESSAGE = 'It is at the pick-up point in Harbour Street 7 until Friday, 18:00.';
export const TOPIC = 'com.example.app';
const TOKEN_LENGTH = 64;
const ID_LENGTH = 8;

const numbered = (index: number): string => String(index).padStart(ID_LENGTH, '0');
export const userId = (index: number): string => `user-${numbered(index)}`;
const deviceId = (index: number): string => `phone-${numbered(index)}`;
/** No two are alike, and they sort as by chance, as Apple's do. */
export const tokenOf = (index: number): string =>
  (Math.imul(index, 0x9e37_79b1) >>> 0)
    .toString(16)
    .padStart(8, '0')
    .repeat(TOKEN_LENGTH / 8);

/** As an app registers itself. */
const deviceOf = (index: number) => ({
  user: userId(index),
  platform: 'ios',
  token: tokenOf(index),
  model: 'iPhone17,1',
  os_version: '26.1',
  app_version: '4.12.0',
  locale: 'en',
  timezone: 'Europe/Berlin',
});

/** A line of an import. */
export const importLine = (index: number): string => `${JSON.stringify({ id: deviceId(index), ...deviceOf(index) })}\n`;

export const contentOf = (to: object): object => ({ type: 'parcel.arrived', to, title: TITLE, message: MESSAGE });

const post = (path: string, body: object): Request => ({ method: 'POST', path, body: JSON.stringify(body) });

/** By name: a request for each index. */
export const makers = {
  register: (index: number): Request => ({
    method: 'PUT',
    path: `/v1/devices/${deviceId(index)}`,
    body: JSON.stringify(deviceOf(index)),
  }),
  send: (index: number): Request => post('/v1/notifications', contentOf({ users: [userId(index)] })),
  push: (index: number): Request =>
    post('/api/push', {
      notifications: [{ platform: 1, topic: TOPIC, tokens: [tokenOf(index)], title: TITLE, message: MESSAGE }],
    }),
  /** 10,000 pushes each. */
  fan: (index: number): Request =>
    post('/api/push', {
      notifications: Array.from({ length: FAN.notifications }, (_, at) => ({
        ...{ platform: 1, topic: TOPIC, title: TITLE, message: MESSAGE },
        tokens: Array.from({ length: FAN.tokens }, (_each, token) =>
          tokenOf((index * FAN.notifications + at) * FAN.tokens + token),
        ),
      })),
    }),
} as const satisfies Readonly<Record<string, (index: number) => Request>>;

export type RequestName = keyof typeof makers;

export const FAN = { notifications: 100, tokens: 100 } as const;
