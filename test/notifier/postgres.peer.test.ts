import { randomBytes } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createPushNotifier, postgresStorage } from '../../src/notifier/create-push-notifier.ts';
import { needs } from '../support/needs.ts';
import { startPostgres } from '../support/postgres.ts';

const SANDBOX = { sandbox: true, ios: { topic: 'com.example.app' } };

describe('a notifier on a PostgreSQL', needs('psql'), () => {
  test('shares it with others; without one it does not start', async () => {
    const server = await startPostgres();
    onTestFinished(() => server.end());
    const storage = postgresStorage(await server.database(), { masterKey: randomBytes(32).toString('base64') });
    const [one, two] = await Promise.all([createPushNotifier(SANDBOX, storage), createPushNotifier(SANDBOX, storage)]);
    onTestFinished(() => one.close());
    await one.registerDevice({ user: 'ada', platform: 'ios', token: 'a1b2c3d4'.repeat(8) });
    expect(await two.devices('ada')).toMatchObject([{ status: 'active' }]);
    const { id } = await two.send({ title: 'Hello', to: { users: ['ada'] }, channels: ['push'] });
    await expect.poll(async () => (await one.notification(id))?.counts).toMatchObject({ sent: 1 });
    await two.close();
    await expect(two.devices('ada')).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    expect((await one.health()).checks).toContainEqual({ name: 'storage', status: 'pass' });

    const wrong = postgresStorage('postgres://u@127.0.0.1:1/d', { masterKey: randomBytes(32).toString('hex') });
    await expect(createPushNotifier(SANDBOX, wrong, { connectMs: 500 })).rejects.toThrow(
      /^postgresStorage: .*Check the address/,
    );
  });
});
