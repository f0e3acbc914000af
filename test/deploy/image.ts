import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Instruction, parseDockerfile, type Stage, words } from './dockerfile.ts';

/**
 * Carries out the Dockerfile without a container engine: each stage is a folder with this machine's /usr below it (overlayfs),
 * RUN is a chroot into it, and what is started from the result sees a read-only root. Needs Linux and root.
 */
const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** What COPY can see: the names that .dockerignore lets through again. */
export const context = (): string[] =>
  readFileSync(join(REPOSITORY, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1));

const mountUsr = (root: string): string => `mkdir -p ${root}/usr ${root}.usr ${root}.work
mount -t overlay overlay -o lowerdir=/usr,upperdir=${root}.usr,workdir=${root}.work ${root}/usr
mount --rbind /dev ${root}/dev; mount -t proc proc ${root}/proc`;

/** A stand-in for the base image: Debian, Node 26 and npm in /usr/local, a user `node` with id 1000. */
const baseImage = (root: string): string => `
mkdir -p ${root}/{etc,proc,dev,tmp,root,home/node,var,run} && chmod 1777 ${root}/tmp
for name in bin sbin lib lib64; do ln -s usr/$name ${root}/$name; done
${mountUsr(root)}
cp -r /etc/ssl /etc/resolv.conf /etc/hosts /etc/ld.so.c* ${root}/etc/
cp /etc/nsswitch.conf ${root}/etc/ 2> /dev/null || true
printf 'root:x:0:0:root:/root:/bin/sh\\nnode:x:1000:1000::/home/node:/bin/sh\\n' > ${root}/etc/passwd
printf 'root:x:0:\\nnode:x:1000:\\n' > ${root}/etc/group
npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
mkdir -p ${root}/usr/local/lib/node_modules
cp -r "$npm" ${root}/usr/local/lib/node_modules/npm
rm -rf ${root}/usr/bin/{node,npm,npx} ${root}/usr/local/bin/{node,npm,npx}
cp ${quoted(process.execPath)} ${root}/usr/local/bin/node
ln -s ../lib/node_modules/npm/bin/npm-cli.js ${root}/usr/local/bin/npm
# How this machine reaches its packages, for the build only.
for file in ~/.npmrc /usr/local/etc/npmrc; do [ ! -f $file ] || cp --parents $file ${root}; done
mkdir -p ${root}/root/.npm && mkdir -p ~/.npm && mount --bind ~/.npm ${root}/root/.npm
`;

interface State {
  readonly root: string;
  folder: string;
  env: string[];
}

function step({ word, text, flags }: Instruction, state: State, roots: ReadonlyMap<string, string>): string {
  const { root } = state;
  switch (word) {
    case 'WORKDIR':
      state.folder = text;
      return `mkdir -p ${root}${text}`;
    case 'ENV':
      state.env.push(...words(text));
      return '';
    case 'COPY': {
      const from = flags.from ? roots.get(flags.from)! : '$context';
      const parts = words(text);
      const target = parts.pop()!;
      const place = `${root}${state.folder}/${target.replace(/^\.\//, '')}`;
      const copies = parts.map((part) => `cp -a ${from}/${part.replace(/^\//, '')} ${place}`);
      return [`mkdir -p $(dirname ${place})`, ...copies].join('\n');
    }
    case 'RUN':
      return `chroot ${root} env ${state.env.map(quoted).join(' ')} sh -ec ${quoted(`cd ${state.folder} && ${text}`)}`;
    default:
      return '';
  }
}

export interface Image {
  readonly last: Stage;
  /** Runs a command of its own, or what the entry point says, as the image's user on a read-only root. */
  run(options: { env?: Record<string, string>; mounts?: Record<string, string>; command?: string[] }): ChildProcess;
  remove(): void;
}

/** @throws with the output of the step that failed. */
export function buildImage(): Image {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-image-'));
  const contextFolder = join(folder, 'context');
  mkdirSync(contextFolder);
  for (const name of context()) cpSync(join(REPOSITORY, name), join(contextFolder, name), { recursive: true });
  const { stages } = parseDockerfile(readFileSync(join(REPOSITORY, 'Dockerfile'), 'utf8'));
  const roots = new Map<string, string>();
  const script = [`context=${contextFolder}`];
  const states = stages.map((stage, i): State => {
    const state: State = { root: join(folder, `stage-${i}`), folder: '/', env: [] };
    if (stage.name) roots.set(stage.name, state.root);
    script.push(baseImage(state.root), ...stage.instructions.map((line) => step(line, state, roots)));
    return state;
  });
  writeFileSync(join(folder, 'build.sh'), script.join('\n'));
  execFileSync('unshare', ['-m', 'bash', '-eu', join(folder, 'build.sh')], { stdio: 'pipe', maxBuffer: 1e8 });
  const last = states.at(-1)!;
  return {
    last: stages.at(-1)!,
    run: (options) => runImage(last, stages.at(-1)!, options),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function runImage(state: State, stage: Stage, { env = {}, mounts = {}, command }: Parameters<Image['run']>[0]) {
  const { root } = state;
  const said = (word: string): string => stage.instructions.findLast((line) => line.word === word)?.text ?? '';
  const variables = [...state.env, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
  // As a container engine does it: the mount's place is made if it is not there, through links inside the image.
  const bind = ([inside, outside]: [string, string]): string => `
place=${root}$(chroot ${root} readlink -m ${inside})
if [ -d ${outside} ]; then mkdir -p "$place"; else [ -e "$place" ] || : > "$place"; fi
mount --bind ${outside} "$place"`;
  const script = `
mount --bind ${root} ${root}
mount -t overlay overlay -o lowerdir=${root}.usr:/usr ${root}/usr
mount --rbind /dev ${root}/dev; mount -t proc proc ${root}/proc

${Object.entries(mounts).map(bind).join('\n')}
mount -o remount,ro,bind ${root}
exec chroot --userspec=${said('USER')} ${root} env -i PATH=/usr/local/bin:/usr/bin:/bin ${variables.map(quoted).join(' ')} \\
  sh -c ${quoted(`cd ${state.folder} && exec "$@"`)} sh ${(command ?? words(said('ENTRYPOINT'))).map(quoted).join(' ')}`;
  return spawn('unshare', ['-m', 'bash', '-euc', script], { stdio: ['ignore', 'pipe', 'pipe'] });
}
