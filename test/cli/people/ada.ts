export const APNS_TOKEN = 'a1b2c3d4'.repeat(8);

/** Ada with an iPhone and a phone with Android. @param ask `PUT /v1/users/ada`, with a body */
export async function addAda(ask: (line: string, body: object) => Promise<unknown>): Promise<void> {
  const ada = { name: 'Ada', email: 'ada@example.com', teams: ['storage'], timezone: 'Europe/Athens' };
  await ask('PUT /v1/users/ada', ada);
  await ask('PUT /v1/devices/iphone', { user: 'ada', platform: 'ios', token: APNS_TOKEN });
  await ask('PUT /v1/devices/pixel', { user: 'ada', platform: 'android', token: 'token-of-the-pixel' });
}

export const news = {
  ...{ id: 'n1', type: 'news', title: 'Hello', message: 'from the hub' },
  to: { users: ['ada', 'bob'] },
};
