import { describe, expect, test } from 'vitest';
import { arrayOf, arrayTypes, withArrays } from '../../../src/hub/storage/array-parameters.ts';

describe('a list for PostgreSQL', () => {
  test('is one text, in which nothing of an element is taken for anything else', () => {
    expect(arrayOf(['a', '', 'NULL', null, 'b,c', '{d}', 'e"f', 'g\\h'], (each) => each)).toBe(
      '{"a","","NULL",NULL,"b,c","{d}","e\\"f","g\\\\h"}',
    );
    expect(arrayOf([1, -2, 1_700_000_000_000, null], (each) => each)).toBe('{1,-2,1700000000000,NULL}');
  });

  test('of rows is an array for each column in which they differ', () => {
    const rows = [
      { app: 'a', user: null, at: 1, batch: 'x' },
      { app: 'a', user: 'ada', at: 2, batch: null },
    ];
    expect(arrayTypes(rows, ['app', 'user', 'at', 'batch'])).toEqual([undefined, 'text', 'bigint', 'text']);
  });

  test('of rows that are the same has an array all the same, which says how many there are', () => {
    expect(arrayTypes([{ at: 1 }, { at: 1 }], ['at'])).toEqual(['bigint']);
    expect(arrayTypes([{ app: 'a' }, { app: 'a' }], ['app'])).toEqual(['text']);
  });

  test('is compared with as a whole, and no other list is', () => {
    const text = 'select * from "t" where "a" in ($1) and "b" in ($2) and "c" not in ($3)';
    expect(withArrays(text, ['list', undefined, 'list'])).toBe(
      'select * from "t" where "a" = any($1) and "b" in ($2) and "c" <> all($3)',
    );
    expect(withArrays(text, [undefined, undefined, undefined])).toBe(text);
  });

  test('is inserted as rows', () => {
    const text = 'insert into "t" ("a", "b", "c") values ($1, $2, $3) on conflict do nothing';
    expect(withArrays(text, [undefined, 'text', 'bigint'])).toBe(
      'insert into "t" ("a", "b", "c") select $1, c2, c3 from unnest($2::text[], $3::bigint[]) as u(c2, c3) on conflict do nothing',
    );
  });

  test('that is used in another way is refused where the statement is made, not where it is asked', () => {
    expect(() => withArrays('select * from "t" where "a" = $1', ['list'])).toThrow('a list is used in a way');
  });
});
