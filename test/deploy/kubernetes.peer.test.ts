import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { needs } from '../support/needs.ts';
import { DEPLOY, type Manifest, manifests, only, schemaComplaints, template } from './manifests.ts';
import { REPOSITORY } from './packed.ts';

const FOLDER = join(DEPLOY, 'kubernetes');
const { version } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'));
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml');
const plain: Manifest[] = files.flatMap((name) => manifests(readFileSync(join(FOLDER, name), 'utf8')));
const config = readFileSync(join(FOLDER, 'config.yml'), 'utf8');

test('the plain files are what Kubernetes expects', needs('kubernetes-validate'), () => {
  expect(schemaComplaints(plain)).toBe('');
});

test('kubectl apply -k would send all that is needed, with this version of the image', needs('kubectl'), () => {
  const built = manifests(execFileSync('kubectl', ['kustomize', FOLDER], { encoding: 'utf8' }));
  expect(built.map(({ kind }) => kind).sort()).toEqual(['ConfigMap', 'PodDisruptionBudget', 'Service', 'StatefulSet']);
  const { spec } = only(built, 'StatefulSet').spec.template;
  expect(spec.containers[0].image).toBe(`martlet:${version}`);
  const { metadata, data } = only(built, 'ConfigMap');
  expect(spec.volumes).toContainEqual({ name: 'config', configMap: { name: metadata.name } });
  expect(data['config.yml']).toBe(config);
});

test('chart, plain files and package are of one version', () => {
  const chart = parse(readFileSync(join(DEPLOY, 'helm/martlet/Chart.yaml'), 'utf8'));
  expect([chart.version, chart.appVersion]).toEqual([version, version]);
  const { images } = parse(readFileSync(join(FOLDER, 'kustomization.yaml'), 'utf8'));
  expect(images[0].newTag).toBe(version);
});

test('a pod is given longer to end than its configuration says', () => {
  const { core } = parse(config);
  const { terminationGracePeriodSeconds } = only(plain, 'StatefulSet').spec.template.spec;
  expect(terminationGracePeriodSeconds).toBe(core.shutdown_delay + core.shutdown_timeout + 15);
});

test('martlet understands every key of the configuration', () => {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-kubernetes-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  // Somebody who deploys names at least one platform; the sandbox stands for it.
  writeFileSync(join(folder, 'config.yml'), `${config}sandbox: {enabled: true}\n`);
  const check = spawnSync(process.execPath, [join(REPOSITORY, 'src/main.ts'), 'check'], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect([check.status, check.stderr]).toEqual([0, '']);
});

/** Without what only the chart has: names of the release, labels of Helm, checksums, a service account. */
function bare(manifest: Manifest): Manifest {
  const copy = structuredClone(manifest);
  const withoutLabels = (labels: Record<string, string> = {}) => {
    for (const name of Object.keys(labels)) if (name !== 'app.kubernetes.io/name') delete labels[name];
  };
  const walk = (value: Manifest): void => {
    if (typeof value !== 'object' || value === null) return;
    withoutLabels(value.labels);
    withoutLabels(value.matchLabels);
    if (value['app.kubernetes.io/instance']) withoutLabels(value);
    delete value.serviceAccountName;
    delete value.optional;
    if (value.metadata?.annotations) delete value.metadata.annotations;
    if (value.image?.startsWith?.('martlet')) value.image = 'martlet';
    Object.values(value).forEach(walk);
  };
  walk(copy);
  return copy;
}

test('the plain files say what the chart says', needs('helm'), () => {
  const chart = template({
    credentials: { existingSecret: 'martlet-credentials' },
    environment: { existingSecret: 'martlet' },
    serviceMonitor: { enabled: true },
    autoscaling: { enabled: true },
  });
  // With an autoscaler the chart says nothing of replicas.
  const workload = only(chart, 'StatefulSet');
  workload.spec.replicas = only(template(), 'StatefulSet').spec.replicas;
  for (const manifest of plain) expect(bare(manifest)).toEqual(bare(only(chart, manifest.kind)));
  expect(parse(config)).toEqual(parse(only(chart, 'ConfigMap').data['config.yml']));
});
