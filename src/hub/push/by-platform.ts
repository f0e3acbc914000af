import type { CarrierHealth, HubBatch, NotTaken, PushCarrier } from './push-carrier.ts';

/** Mail, SMS and Slack are channels of their own, and no push to a device: `hub.push.mode` does not concern them. */
const CHANNELS = new Set(['email', 'sms', 'slack']);
const CHANNEL_NUMBERS = new Set([7, 8, 9]);

const WORSE = { pass: 0, warn: 1, fail: 2 } as const;

/** Pushes to devices go by one carrier, and the other channels by this process's relay. */
export function byPlatform(push: PushCarrier, channels: PushCarrier): PushCarrier {
  const both = [push, channels];
  const of = ({ notification }: HubBatch): PushCarrier =>
    CHANNEL_NUMBERS.has(notification.platform) ? channels : push;
  return {
    async send(batches): Promise<readonly NotTaken[]> {
      const results = await Promise.all(
        both.map((carrier) => {
          const own = batches.filter((batch) => of(batch) === carrier);
          return own.length > 0 ? carrier.send(own) : [];
        }),
      );
      return results.flat();
    },
    holds(batch) {
      const answers = both.map((carrier) => carrier.holds(batch));
      return answers.includes(true) ? true : answers.includes(undefined) ? undefined : false;
    },
    listen(listener) {
      for (const carrier of both) carrier.listen(listener);
    },
    withdraw(app, targets) {
      const withdrawn = both.flatMap((carrier) => carrier.withdraw?.(app, targets) ?? []);
      return {
        ended: withdrawn.reduce((sum, { ended }) => sum + ended, 0),
        sending: () => withdrawn.reduce((sum, each) => sum + each.sending(), 0),
        endLeft() {
          for (const each of withdrawn) each.endLeft();
        },
      };
    },
    doubt(app, targets) {
      const doubted = both.flatMap((carrier) => carrier.doubt?.(app, targets) ?? []);
      return { sending: () => doubted.reduce((sum, each) => sum + each.sending(), 0) };
    },
    health(): CarrierHealth {
      const [first, second] = both.map((carrier) => carrier.health()) as [CarrierHealth, CarrierHealth];
      return WORSE[second.status] > WORSE[first.status] ? second : first;
    },
    can: (app, platform) => (CHANNELS.has(platform) ? channels : push).can(app, platform),
    async close() {
      await Promise.all(both.map((carrier) => carrier.close()));
    },
  };
}
