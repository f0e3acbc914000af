import { type Document, isAlias, isMap, isScalar, type LineCounter, type Node } from 'yaml';

/** Where a key stands in a file; both from 1. */
export interface KeyPlace {
  readonly line: number;
  readonly column: number;
}

/** Where keys stand, by their path in lower case; `a.b: 1` stands as `a: {b: 1}` does. */
export function keyPlaces(document: Document.Parsed, lines: LineCounter): ReadonlyMap<string, KeyPlace> {
  const places = new Map<string, KeyPlace>();
  const visit = (node: Node | null | undefined, path: string): void => {
    const map = isAlias(node) ? undefined : node;
    if (!isMap(map)) return;
    for (const { key, value } of map.items) {
      if (!isScalar(key)) continue;
      const own = `${path}${String(key.value).toLowerCase()}`;
      const { line, col: column } = lines.linePos(key.range?.[0] ?? 0);
      places.set(own, { line, column });
      visit(value as Node | null, `${own}.`);
    }
  };
  visit(document.contents, '');
  return places;
}

/** Where a key stands, or else the nearest section around it. */
export function nearestPlace(places: ReadonlyMap<string, KeyPlace>, key: string): KeyPlace | undefined {
  for (let path = key.toLowerCase(); path !== ''; path = path.slice(0, Math.max(0, path.lastIndexOf('.')))) {
    const place = places.get(path);
    if (place) return place;
  }
  return undefined;
}
