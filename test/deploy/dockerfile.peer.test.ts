import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { needs } from '../support/needs.ts';
import { type Instruction, parseDockerfile, words } from './dockerfile.ts';
import { context } from './image.ts';

const file = fileURLToPath(new URL('../../Dockerfile', import.meta.url));
const { args, stages } = parseDockerfile(readFileSync(file, 'utf8'));
const last = stages.at(-1)!;
const said = (word: string): Instruction | undefined => last.instructions.findLast((line) => line.word === word);

test('the image runs as a numbered user that is not root, from an exec-form entry point', () => {
  expect(said('USER')?.text).toBe('1000:1000');
  expect(words(said('ENTRYPOINT')!.text)).toEqual(['/bin/martlet']);
  expect(said('ENTRYPOINT')?.text).toMatch(/^\[/);
});

test("it has the ports, the home and the health check of Gorush's image", () => {
  expect(said('EXPOSE')?.text).toBe('8088 9000');
  expect(said('ENV')?.text).toContain('HOME=/home/gorush');
  expect(last.instructions.findLast(({ word }) => word === 'WORKDIR')?.text).toBe('/home/gorush');
  expect(said('HEALTHCHECK')?.text).toBe('CMD ["/bin/martlet", "--ping"]');
});

test('the folder of the queue file is a volume, so that the root can be read-only', () => {
  expect(JSON.parse(said('VOLUME')!.text)).toEqual(['/home/gorush/data']);
});

test('every stage comes from one image that can be replaced, of a Node that package.json admits', () => {
  for (const { from } of stages) expect(from).toMatch(/^\$\{NODE_IMAGE\}$/);
  expect(args.map(({ text }) => text)).toEqual(['NODE_IMAGE=node:26-slim']);
});

test('what is copied from outside is what .dockerignore lets in, and no more', () => {
  const copied = stages
    .flatMap(({ instructions }) => instructions)
    .filter(({ word, flags }) => word === 'COPY' && !flags.from)
    .flatMap(({ text }) => words(text).slice(0, -1));
  expect([...new Set(copied)].sort()).toEqual(context().sort());
});

test('no instruction fetches from anywhere but the package registry, and no install script runs', () => {
  const all = stages.flatMap(({ instructions }) => instructions);
  expect(all.filter(({ word }) => word === 'ADD')).toEqual([]);
  const runs = all.filter(({ word }) => word === 'RUN').map(({ text }) => text);
  expect(runs.filter((text) => /curl|wget|git |apt-get/.test(text))).toEqual([]);
  for (const install of runs.filter((text) => /npm (ci|install)/.test(text)))
    expect(install).toContain('--ignore-scripts');
});

test('hadolint has nothing to say', needs('hadolint'), () => {
  expect(execFileSync('hadolint', [file], { encoding: 'utf8' })).toBe('');
});
