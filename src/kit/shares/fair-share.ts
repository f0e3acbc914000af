/**
 * Room that several owners share, when it is full: each keeps what it holds up to one level, the same for all, so that those who
 * hold most give way first and one who holds less than its part gives up nothing.
 */

/** The level that all may hold so that together they hold `most`; infinite where they do. */
export function fairLevel(held: Iterable<number>, most: number): number {
  const sizes = [...held].sort((a, b) => a - b);
  let left = most;
  for (const [place, size] of sizes.entries()) {
    const level = left / (sizes.length - place);
    if (size > level) return Math.floor(level);
    left -= size;
  }
  return Number.POSITIVE_INFINITY;
}

/** At most `most` of the items, in their order: of each owner the last ones. */
export function fairlyLast<Item>(items: readonly Item[], most: number, ownerOf: (item: Item) => string): Item[] {
  if (items.length <= most) return [...items];
  const held = new Map<string, number>();
  for (const item of items) held.set(ownerOf(item), (held.get(ownerOf(item)) ?? 0) + 1);
  const level = fairLevel(held.values(), most);
  return items.filter((item) => {
    const owner = ownerOf(item);
    const left = held.get(owner) as number;
    held.set(owner, left - 1);
    return left <= level;
  });
}
