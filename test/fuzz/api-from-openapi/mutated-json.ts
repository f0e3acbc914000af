import fc, { type Arbitrary } from 'fast-check';

type Container = { [key: string]: unknown };

/** Every place in a value: the container and the key that it is under. */
function placesIn(value: unknown): [Container, string][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]): [Container, string][] => [
    [value as Container, key],
    ...placesIn(child),
  ]);
}

type Change = (container: Container, key: string) => void;

const changes: Arbitrary<Change> = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }).map(
    (other): Change =>
      (container, key) => {
        container[key] = other;
      },
  ),
  fc.constant<Change>((container, key) => {
    if (!Array.isArray(container)) delete container[key];
  }),
  fc.constantFrom('__proto__', 'constructor', 'TOKENS', 'toString', '').map(
    (name): Change =>
      (container, key) => {
        if (!Array.isArray(container))
          Object.defineProperty(container, name, { value: container[key], enumerable: true });
      },
  ),
  fc.integer({ min: 1, max: 200 }).map(
    (depth): Change =>
      (container, key) => {
        for (let i = 0; i < depth; i++) container[key] = [container[key]];
      },
  ),
);

/** The JSON of a value with something about it changed, or with its text cut, or other text. */
export const mutatedJson = (values: Arbitrary<unknown>): Arbitrary<string> =>
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.tuple(values, fc.nat(), changes).map(([value, at, change]) => changed(value, at, change)),
    },
    { weight: 2, arbitrary: fc.tuple(values, fc.nat()).map(([value, at]) => cut(JSON.stringify(value), at)) },
    { weight: 1, arbitrary: fc.json() },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '',
        'null',
        '[]',
        '1e999',
        '{"notifications":'.repeat(3000),
        `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
      ),
    },
  );

function changed(value: unknown, at: number, change: Change): string {
  const copy = structuredClone(value);
  const places = placesIn(copy);
  const place = places[at % Math.max(1, places.length)];
  if (place) change(...place);
  return JSON.stringify(copy);
}

const cut = (text: string, at: number): string => text.slice(0, at % Math.max(1, text.length));
