/** The ways to a person, in the order in which they follow one another unless a sender says otherwise. */
export const channels = ['realtime', 'push', 'email', 'sms', 'slack'] as const;
export type Channel = (typeof channels)[number];

/** Those that wait in quiet hours and snooze: the stream and the inbox are looked at when the person wants to. */
export const disturbs = (channel: Channel): boolean => channel !== 'realtime';

/** Those that go to an address of the person, rather than to devices or to a stream. */
export const addressed = ['email', 'sms', 'slack'] as const satisfies readonly Channel[];
export type AddressedChannel = (typeof addressed)[number];

export const isAddressed = (channel: Channel): channel is AddressedChannel =>
  (addressed as readonly Channel[]).includes(channel);
