const ROWS = 200;
const TEXT = 20_000;

/** All rows are replaced by each transaction. */
export const IDS = Array.from({ length: ROWS }, (_, id) => id);
export const textOf = (id: number, transaction: number): string =>
  `${id}/${transaction}/`.repeat(TEXT / 10).slice(0, TEXT);
