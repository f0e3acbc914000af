import { afterAll, beforeAll, expect, test } from 'vitest';
import { blocksOf } from './blocks.ts';
import { type DocsRelay, startDocsRelay } from './docs-relay.ts';

/** What a reader pastes: the curl lines of the page's `sh` blocks. */
const curlLines = (name: string): string[] =>
  blocksOf(`docs/${name}`, 'sh')
    .flatMap((block) => block.split('\n'))
    .filter((line) => line.startsWith('curl '));

let relay: DocsRelay;

beforeAll(async () => {
  relay = await startDocsRelay();
});
afterAll(() => relay.close());

const paste = async (line: string): Promise<Record<string, unknown>> =>
  JSON.parse(await relay.paste(line)) as Record<string, unknown>;

test('the lines of docs/first-push.md do what the page says', async () => {
  const [send, deliveries, fail, explain] = curlLines('first-push.md');
  expect(await paste(send as string)).toMatchObject({ success: 'ok', counts: 1 });
  await expect
    .poll(() => paste(deliveries as string))
    .toMatchObject({
      deliveries: [{ target: 'my-first-token', title: 'Hello', body: 'from the sandbox' }],
    });
  expect(await paste(fail as string)).toMatchObject({ success: 'ok', counts: 1 });
  await expect
    .poll(() => paste(explain as string))
    .toMatchObject({
      pushes: [
        { status: 'failed', events: expect.arrayContaining([expect.objectContaining({ reason: 'UNREGISTERED' })]) },
      ],
    });
});

test('the line of docs/notification.md sends a push', async () => {
  for (const line of curlLines('notification.md'))
    expect(await paste(line)).toMatchObject({ success: 'ok', counts: 1 });
  expect(curlLines('notification.md')).toHaveLength(1);
});
