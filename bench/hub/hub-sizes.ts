/** How much is done in each scenario of the hub. */
export interface HubSizes {
  readonly singles: number;
  readonly registered: number;
  readonly imported: number;
  /** People of the stores that single sends go to. */
  readonly people: number;
  readonly sent: number;
  /** Rows that are due at once. */
  readonly due: number;
  /** From the request until they are due: all have to be looked at until then. */
  readonly dueInMs: number;
  readonly limitMs: number;
}

export const FULL: HubSizes = {
  singles: 60_000,
  registered: 30_000,
  imported: 200_000,
  people: 10_000,
  sent: 30_000,
  due: 100_000,
  dueInMs: 120_000,
  limitMs: 120_000,
};

export const QUICK: HubSizes = {
  singles: 20_000,
  registered: 8000,
  imported: 40_000,
  people: 4000,
  sent: 8000,
  due: 10_000,
  dueInMs: 30_000,
  limitMs: 60_000,
};
