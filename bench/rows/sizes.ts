/** How much is posted in each scenario. */
export interface Sizes {
  readonly fanOut: number;
  readonly fcmFanOut: number;
  readonly webFanOut: number;
  /** Pushes. */
  readonly webOthers: number;
  readonly delayedFanOut: number;
  readonly singles: number;
  readonly delayedSingles: number;
  readonly syncs: number;
  readonly backlog: number;
  readonly reference: number;
  readonly others: number;
  readonly pacedSeconds: number;
  readonly silentSeconds: number;
  readonly limitMs: number;
}

export const FULL: Sizes = {
  fanOut: 40,
  fcmFanOut: 40,
  webFanOut: 40,
  webOthers: 20_000,
  delayedFanOut: 20,
  singles: 60_000,
  delayedSingles: 30_000,
  syncs: 30_000,
  backlog: 10,
  reference: 400_000,
  others: 100_000,
  pacedSeconds: 4,
  silentSeconds: 20,
  limitMs: 60_000,
};

export const QUICK: Sizes = {
  fanOut: 15,
  fcmFanOut: 15,
  webFanOut: 10,
  webOthers: 5000,
  delayedFanOut: 6,
  singles: 20_000,
  delayedSingles: 15_000,
  syncs: 8000,
  backlog: 3,
  reference: 150_000,
  others: 20_000,
  pacedSeconds: 2,
  silentSeconds: 5,
  limitMs: 20_000,
};
