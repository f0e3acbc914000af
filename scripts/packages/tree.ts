import { cpSync, globSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What a package is made of. */
export interface Contents {
  /** Of the repository. */
  readonly root: string;
  readonly executable: string;
  /** Of all that is in the executable. */
  readonly licences: string;
  readonly version: string;
}

/** Lays the files as they will lie on a machine, below a folder. */
export function layTree({ root, executable, licences }: Contents, folder: string): void {
  const put = (from: string, to: string): void => {
    const place = join(folder, to);
    mkdirSync(dirname(place), { recursive: true });
    cpSync(from, place);
  };
  put(executable, 'usr/bin/martlet');
  put(join(root, 'deploy/systemd/martlet.service'), 'usr/lib/systemd/system/martlet.service');
  put(join(root, 'deploy/packages/config.yml'), 'etc/gorush/config.yml');
  const doc = 'usr/share/doc/martlet';
  for (const path of globSync(
    '{README.md,CHANGELOG.md,docs/*.{md,json,proto},docs/hub/*.md,docs/images/console-*.png}',
    {
      cwd: root,
    },
  ))
    put(join(root, path), join(doc, path));
  writeFileSync(join(folder, doc, 'copyright'), licences);
}
