import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { CPUS, type Cpu } from './cpu.ts';
import { type Contents, layTree } from './tree.ts';

/** For Fedora, RHEL and SUSE, by rpmbuild. @param tree a folder to be made @returns the file */
export function makeRpm(contents: Contents, cpu: Cpu, tree: string, output: string): string {
  layTree(contents, tree);
  const version = contents.version.replace('-', '~');
  const macros = {
    ...{ release_version: version, stage: tree, _topdir: `${tree}-build`, _rpmdir: output, _buildhost: 'localhost' },
    _rpmfilename: '%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm',
    // What is there is done: nothing is to be stripped, compressed or split off.
    ...{ __os_install_post: '%{nil}', debug_package: '%{nil}', _build_id_links: 'none', _binary_payload: 'w12.zstdio' },
  };
  const defines = Object.entries(macros).flatMap(([name, value]) => ['--define', `${name} ${value}`]);
  const { rpm } = CPUS[cpu];
  const spec = join(contents.root, 'deploy/packages/martlet.spec');
  execFileSync('rpmbuild', ['-bb', '--quiet', '--target', `${rpm}-linux`, ...defines, spec], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return join(output, `martlet-${version}-1.${rpm}.rpm`);
}
