import { expect, test } from 'vitest';
import { BacklogEstimate } from '../../../src/queue/broker/backlog-estimate.ts';

test('is unknown until the broker has answered, and when it cannot', () => {
  const estimate = new BacklogEstimate();
  expect(estimate.count).toBeUndefined();
  estimate.ask()({ messages: 5 });
  expect(estimate.count).toBe(5);
  estimate.ask()(undefined);
  expect(estimate.count).toBeUndefined();
});

test('counts on between answers', () => {
  const estimate = new BacklogEstimate();
  estimate.ask()({ messages: 5 });
  estimate.published(3);
  estimate.settled();
  expect(estimate.count).toBe(7);
});

test('a message that is settled here and not yet forgotten there is not counted', () => {
  const estimate = new BacklogEstimate();
  estimate.ask()({ messages: 2 });
  estimate.settled();
  estimate.ask()({ messages: 2 });
  expect(estimate.count).toBe(1);
  estimate.confirmed(1);
  estimate.ask()({ messages: 1 });
  expect(estimate.count).toBe(1);
});

test('an answer that own traffic has blurred is passed over, but not for ever', () => {
  const estimate = new BacklogEstimate();
  estimate.ask()({ messages: 0 });
  const blurred = (): void => {
    const answer = estimate.ask();
    estimate.published(1);
    answer({ messages: 100 });
  };
  blurred();
  expect(estimate.count).toBe(1);
  for (let n = 0; n < 3; n++) blurred();
  expect(estimate.count).toBe(101);
});
