import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CPUS, type Cpu } from './cpu.ts';
import { type Contents, layTree } from './tree.ts';

/** Depends on what Node is linked with. */
const controlFile = (version: string, arch: string): string => `Package: martlet
Version: ${version}
Architecture: ${arch}
Maintainer: Martlet <martlet@localhost>
Section: net
Priority: optional
Depends: libc6 (>= 2.28), libstdc++6 (>= 5.1), libatomic1, passwd
Recommends: ca-certificates
Description: push notification relay, drop-in for Gorush
 Takes Gorush's config.yml and its HTTP and gRPC API, and carries pushes to Apple,
 Google, Huawei, browsers and others: nothing accepted is lost, every failure is
 reported with its cause.
`;

/** For Debian and Ubuntu, by dpkg-deb. @param tree a folder to be made @returns the file */
export function makeDeb(contents: Contents, cpu: Cpu, tree: string, output: string): string {
  layTree(contents, tree);
  const control = join(tree, 'DEBIAN');
  mkdirSync(control);
  const arch = CPUS[cpu].deb;
  // What comes before a release is `1.0.0-rc.1` in npm.
  const version = `${contents.version.replace('-', '~')}-1`;
  writeFileSync(join(control, 'control'), controlFile(version, arch));
  writeFileSync(join(control, 'conffiles'), '/etc/gorush/config.yml\n');
  for (const script of ['postinst', 'prerm', 'postrm']) {
    cpSync(join(contents.root, 'deploy/packages/deb', script), join(control, script));
    chmodSync(join(control, script), 0o755);
  }
  const file = join(output, `martlet_${version}_${arch}.deb`);
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zxz', '-z1', '--build', tree, file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return file;
}
