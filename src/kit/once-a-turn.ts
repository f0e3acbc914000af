/** Runs `run` in the next turn of the event loop, once, however often the returned function is called before. */
export function onceATurn(run: () => void): () => void {
  let isPlanned = false;
  const turn = (): void => {
    isPlanned = false;
    run();
  };
  return () => {
    if (isPlanned) return;
    isPlanned = true;
    setImmediate(turn);
  };
}
