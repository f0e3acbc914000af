import { isFields, type Tree } from './corpus-case.ts';
import { type Difference, show } from './match.ts';

type MatchOne = (wanted: Tree, seen: Tree) => Difference[];

const LOOSE = /<any>|<nonempty>|<string>|<int>|<number>|\$(re|oneOf|json)/;

/** Pairs what is most alike first, so that a difference is told as one, not as a missing and an unexpected item. */
function explain(missing: Tree[], left: Tree[], one: MatchOne, at: string): Difference[] {
  const told: Difference[] = [];
  for (const wanted of missing) {
    const [closest] = left
      .map((seen, place) => ({ place, differences: one(wanted, seen) }))
      .sort((a, b) => a.differences.length - b.differences.length);
    if (!closest) told.push(`${at}: missing ${show(wanted)}`);
    else {
      told.push(...closest.differences.map((difference) => at + difference));
      left.splice(closest.place, 1);
    }
  }
  return [...told, ...left.map((seen) => `${at}: not expected ${show(seen)}`)];
}

/** Lists whose order means nothing: each wanted item needs one of its own; with `$atLeast` repeats of wanted ones may be left over. */
export function matchBag(wanted: Tree, seen: Tree, one: MatchOne, at: string): Difference[] {
  if (wanted === '<any>') return [];
  if (!Array.isArray(seen)) return [`${at}: expected a list, got ${show(seen)}`];
  const repeatable = isFields(wanted) && Array.isArray(wanted.$atLeast) ? wanted.$atLeast : undefined;
  const items = repeatable ?? (wanted as readonly Tree[]);
  // Wildcards choose last: they must not take what a strict item needs.
  const strictFirst = [...items].sort(
    (a, b) => Number(LOOSE.test(JSON.stringify(a))) - Number(LOOSE.test(JSON.stringify(b))),
  );
  const left = [...seen];
  const missing = strictFirst.filter((item) => {
    const place = left.findIndex((candidate) => one(item, candidate).length === 0);
    if (place >= 0) left.splice(place, 1);
    return place < 0;
  });
  const surplus = repeatable ? left.filter((extra) => !repeatable.some((item) => one(item, extra).length === 0)) : left;
  return explain(missing, surplus, one, at);
}
