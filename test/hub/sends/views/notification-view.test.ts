import { expect, onTestFinished, test } from 'vitest';
import { findNotification } from '../../../../src/hub/sends/rows/notification-rows.ts';
import { wholeView } from '../../../../src/hub/sends/views/notification-view.ts';
import { openHubStore } from '../../../../src/hub/storage/open-hub-store.ts';
import type { Row } from '../../../../src/hub/storage/storage.ts';
import { Clock, change } from '../../directory.ts';
import { hubOfSends } from '../hub-of-sends.ts';

const SAID = { title: 'Salary', message: 'It is 1,000', url: 'https://example.com/salary', data: { amount: 1000 } };

test('what was said is shown to who has sent it, but for what is confidential: that is shown to its person alone', async () => {
  const clock = new Clock();
  const hub = hubOfSends(
    await openHubStore({ path: '', postgres: '', master: undefined, tell: () => {}, now: clock.now }),
    clock,
  );
  onTestFinished(async () => {
    await hub.sends.close();
    await hub.store.close();
  });
  await hub.people.put({ ...change, id: 'ada' }, {});
  const shown = async (body: object) => {
    const { id = '' } = await hub.send({ to: { users: ['ada'] }, ...SAID, ...body });
    const row = (await findNotification(hub.store.db, 'default', id)) as Row<'notifications'>;
    return { view: await wholeView(hub.store, row), item: await hub.inbox.one({ app: 'default', user: 'ada' }, id) };
  };
  const open = await shown({});
  expect(open.view).toMatchObject(SAID);
  expect(open.view).not.toHaveProperty('confidential');
  const { view, item } = await shown({ confidential: true });
  expect(view).toMatchObject({ confidential: true, recipients: { total: 1 } });
  expect(JSON.stringify(view)).not.toMatch(/salary|1,?000/i);
  expect(item).toMatchObject({ title: 'Salary', message: 'It is 1,000' });
});
