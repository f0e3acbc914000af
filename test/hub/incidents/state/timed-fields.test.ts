import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { IncidentDoc, IncidentField } from '../../../../src/hub/incidents/incident.ts';
import {
  docOf,
  incidentFields,
  type TimedFields,
  withFields,
} from '../../../../src/hub/incidents/state/timed-fields.ts';

interface SaidDoc {
  readonly doc: IncidentDoc;
  readonly names: readonly IncidentField[];
  readonly at: number;
}

const laid = (all: readonly SaidDoc[]): TimedFields =>
  all.reduce<TimedFields>((fields, { doc, names, at }) => withFields(fields, doc, names, at), {});

const whole = (at: number, doc: IncidentDoc): SaidDoc => ({ doc, names: incidentFields, at });
const part = (at: number, doc: IncidentDoc): SaidDoc => ({ doc, names: Object.keys(doc) as IncidentField[], at });

test('what is said later counts, field by field, and what is left out of all of it is gone', () => {
  expect(docOf(laid([whole(1, { title: 'a', severity: 'SEV-2' }), part(3, { severity: 'SEV-1' })]))).toEqual({
    title: 'a',
    severity: 'SEV-1',
  });
  expect(docOf(laid([part(3, { severity: 'SEV-1' }), whole(2, { title: 'a' })]))).toEqual({
    title: 'a',
    severity: 'SEV-1',
  });
  expect(docOf(laid([whole(1, { title: 'a', summary: 's' }), whole(2, { title: 'b' })]))).toEqual({ title: 'b' });
});

test('any order of the same comes to the same end', () => {
  const doc = fc.record<IncidentDoc>(
    {
      title: fc.constantFrom('a', 'b'),
      severity: fc.constantFrom('SEV-1', 'SEV-2'),
      assignees: fc.subarray(['ada', 'bob'], { minLength: 1 }),
    },
    { requiredKeys: [] },
  );
  const one = fc.tuple(fc.nat(6), doc, fc.boolean()).map(([at, given, isWhole]) => (isWhole ? whole : part)(at, given));
  fc.assert(
    fc.property(
      fc
        .array(one, { minLength: 1, maxLength: 8 })
        .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
      ([all, order]) => {
        expect(docOf(laid(order))).toEqual(docOf(laid(all)));
      },
    ),
    { seed: 17, numRuns: 500 },
  );
});
