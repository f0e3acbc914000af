/** What a failed `fetch` says. Node's own text is `fetch failed`, and its cause says why. */
export function textOfFailure(thrown: unknown): string {
  const { message, cause } = (thrown ?? {}) as { message?: unknown; cause?: { message?: unknown; code?: unknown } };
  return [message, cause?.message || cause?.code].filter(Boolean).join(': ');
}
