import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments, stringify } from 'yaml';

export const DEPLOY = fileURLToPath(new URL('../../deploy/', import.meta.url));

// biome-ignore lint/suspicious/noExplicitAny: objects of Kubernetes, which validators check whole
export type Manifest = any;

export const manifests = (text: string): Manifest[] =>
  parseAllDocuments(text)
    .map((document) => document.toJS())
    .filter(Boolean);

/** The only one of its kind. */
export function only(all: readonly Manifest[], kind: string): Manifest {
  const found = all.filter((manifest) => manifest.kind === kind);
  if (found.length !== 1) throw new Error(`${found.length} of kind ${kind}`);
  return found[0];
}

/** Renders the chart. @throws with what helm says. */
export function template(values: object = {}): Manifest[] {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-values-'));
  try {
    writeFileSync(join(folder, 'values.yaml'), stringify(values));
    // Built from source, helm does not know of which Kubernetes it is.
    const args = ['template', 'martlet', join(DEPLOY, 'helm/martlet'), '--kube-version', '1.31.0'];
    const command = [...args, '-f', join(folder, 'values.yaml')];
    return manifests(execFileSync('helm', command, { encoding: 'utf8', stdio: 'pipe' }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the schemas of Kubernetes say against them, with no property that they do not know; kinds of operators are not looked at. */
export function schemaComplaints(all: readonly Manifest[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-manifests-'));
  try {
    const file = join(folder, 'all.yaml');
    writeFileSync(file, all.map((manifest) => stringify(manifest)).join('---\n'));
    execFileSync('kubernetes-validate', ['--strict', '--quiet', '--no-warn', file], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
    return '';
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return stdout + stderr;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
