import { expect, test } from 'vitest';
import { ownCommand } from '../../src/cli/own-command.ts';

const cwd = '/home/me/martlet';
const searchPath = '/usr/bin:/home/me/.npm/bin';

test.each([
  ['a checkout, by npm start', { calledAs: undefined, launcher: `${cwd}/bin/martlet` }, 'bin/martlet'],
  ['a checkout, by its path', { calledAs: 'bin/martlet', launcher: `${cwd}/bin/martlet` }, 'bin/martlet'],
  ['on the PATH', { calledAs: '/home/me/.npm/bin/martlet', launcher: '/x/bin/martlet' }, 'martlet'],
  [
    'in a package of this folder',
    { calledAs: 'node_modules/.bin/martlet', launcher: undefined },
    'node_modules/.bin/martlet',
  ],
  ['in the folder itself', { calledAs: './martlet', launcher: undefined }, './martlet'],
  ['elsewhere', { calledAs: '../other/bin/martlet', launcher: undefined }, '/home/me/other/bin/martlet'],
  ['with a space in its path', { calledAs: 'my bin/martlet', launcher: undefined }, "'my bin/martlet'"],
  ['an image', { calledAs: undefined, launcher: undefined }, 'martlet'],
])('%s', (_where, of, typed) => {
  expect(ownCommand({ ...of, cwd, searchPath })).toBe(typed);
});
