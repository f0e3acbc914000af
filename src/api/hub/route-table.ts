/** `{user}` of `/v1/users/{user}` */
export type ParamsOf<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParamsOf<Rest>
  : never;

interface Placed {
  readonly method: string;
  /** `/v1/users/{user}/tokens`: a part in braces stands for one segment. */
  readonly path: string;
}

export interface Found<Route> {
  readonly route: Route;
  /** As they are in the URL, by name. */
  readonly params: Readonly<Record<string, string>>;
}

interface Pattern<Route> {
  readonly segments: readonly Segment[];
  readonly literals: number;
  readonly routes: Map<string, Route>;
}

const PARAM = /^\{(.+)\}$/;

/** A literal, or the name of what stands there. */
type Segment = { readonly literal: string } | { readonly name: string };

function segmentOf(part: string): Segment {
  const name = PARAM.exec(part)?.[1];
  return name === undefined ? { literal: part } : { name };
}

const methodsOf = (routes: ReadonlyMap<string, unknown>): string[] =>
  [...routes.keys()].flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));

/**
 * Routes by path and method. Case counts, a slash at the end counts, and a segment is looked at before it is decoded, so that `%2F` is
 * data. Where several patterns fit, the one with the most literal segments counts, whatever the method: `/v1/devices/import` is no
 * device.
 */
export class RouteTable<Route extends Placed> {
  readonly #bySize = new Map<number, Pattern<Route>[]>();

  constructor(routes: readonly Route[]) {
    const patterns = Map.groupBy(routes, ({ path }) => path);
    for (const [path, group] of patterns) this.#add(path, group);
    for (const same of this.#bySize.values()) same.sort((a, b) => b.literals - a.literals);
  }

  /** @returns the route; the methods that are there instead; undefined when nothing is there. */
  find(method: string, path: string): Found<Route> | { readonly allow: readonly string[] } | undefined {
    const segments = path.split('/');
    const pattern = this.#bySize.get(segments.length)?.find((each) => fits(each.segments, segments));
    if (!pattern) return undefined;
    const route = pattern.routes.get(method === 'HEAD' ? 'GET' : method);
    return route ? { route, params: paramsOf(pattern.segments, segments) } : { allow: methodsOf(pattern.routes) };
  }

  #add(path: string, group: readonly Route[]): void {
    const segments = path.split('/').map(segmentOf);
    const routes = new Map(group.map((route) => [route.method, route]));
    if (routes.size < group.length) throw new Error(`a route is there twice: ${path}`);
    const literals = segments.filter((segment) => 'literal' in segment).length;
    const same = this.#bySize.get(segments.length) ?? [];
    same.push({ segments, literals, routes });
    this.#bySize.set(segments.length, same);
  }
}

const fits = (pattern: readonly Segment[], segments: readonly string[]): boolean =>
  pattern.every((part, i) => ('literal' in part ? part.literal === segments[i] : segments[i] !== ''));

const paramsOf = (pattern: readonly Segment[], segments: readonly string[]): Record<string, string> =>
  Object.fromEntries(pattern.flatMap((part, i) => ('name' in part ? [[part.name, segments[i] as string]] : [])));
