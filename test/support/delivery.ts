import type { Delivery, Notification, Outcome, PushTransport } from '../../src/push/push.ts';

/** A delivery of `message: 'hi'` to these targets. */
export const deliveryOf = (
  targets: readonly string[],
  notification: Partial<Notification> & { readonly platform: number },
  more: Partial<Delivery> = {},
): Delivery => ({
  notification: { tokens: [...targets], message: 'hi', ...notification } as Notification,
  kind: 'token',
  targets,
  environment: 'production',
  attempt: 0,
  ...more,
});

/** Resolves with the outcomes in the order of the targets; rejects when a target gets a second one. */
export function outcomesOf(transport: PushTransport, delivery: Delivery): Promise<Outcome[]> {
  return new Promise((resolve, reject) => {
    const outcomes: Outcome[] = new Array(delivery.targets.length);
    let open = outcomes.length;
    transport.send(delivery, (index, outcome) => {
      if (outcomes[index]) reject(new Error(`target ${index} was settled twice`));
      outcomes[index] = outcome;
      if (--open === 0) resolve(outcomes);
    });
  });
}
