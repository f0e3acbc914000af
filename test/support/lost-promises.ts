/** What test/no-lost-promise.test.ts must find: nothing calls these. */
const later = async (): Promise<void> => {};

export function thrownAway(): void {
  void later();
}

export function endsWithoutCatch(): void {
  later().then(
    () => {
      throw new Error('reaches nobody');
    },
    () => {},
  );
}

export function timerWithPromise(): void {
  setTimeout(async () => {
    await later();
  }, 1);
}

export function handled(): void {
  later().catch(() => {});
}
