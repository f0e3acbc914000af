/** Bytes of the process in RAM; undefined while the system cannot be asked, as without a free file descriptor. */
export function residentMemory(): number | undefined {
  try {
    return process.memoryUsage.rss();
  } catch {
    return undefined;
  }
}
