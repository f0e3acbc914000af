import { expect, test } from 'vitest';
import { openApiPage } from '../../../scripts/pages/openapi-page.ts';
import { openSeedRelay } from './seed-relay.ts';

interface Parameter {
  readonly name: string;
  readonly in: string;
}

const { paths } = JSON.parse(openApiPage()) as {
  readonly paths: Record<string, Record<string, { readonly parameters?: readonly Parameter[] }>>;
};

test('a route reads the parameters that its description has, and no others', async () => {
  await using relay = await openSeedRelay({ hub: { test_endpoint: true } });
  const own = (relay.hub?.routes ?? []).filter(
    ({ method, path }) => path.startsWith('/v1/') && paths[path]?.[method.toLowerCase()],
  );
  const others = ['/v1/push/', '/v1/namespace/'];
  const routes = own.filter(({ path }) => !others.some((begin) => path.startsWith(begin)));
  expect(routes.length).toBeGreaterThan(40);
  for (const { method, path, query = [] } of routes) {
    const { parameters = [] } = paths[path]?.[method.toLowerCase()] ?? {};
    const described = parameters.filter((each) => each.in === 'query').map(({ name }) => name);
    expect([...query, 'app'].toSorted(), `${method} ${path}`).toEqual(described.toSorted());
  }
});
