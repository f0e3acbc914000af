import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { metricTable } from '../../src/observe/metrics/metric-table.ts';
import { needs } from '../support/needs.ts';
import { DEPLOY, only, schemaComplaints, template } from './manifests.ts';

const redis = { config: { queue: { engine: 'redis', redis: { addr: 'redis:6379' } } } };
const everything = {
  config: { core: { ssl: true, port: '8443' }, grpc: { enabled: true }, ios: { enabled: true } },
  credentials: { existingSecret: 'keys' },
  environment: { existingSecret: 'passwords' },
  env: [{ name: 'MARTLET_LOG_HIDE_TOKEN', value: 'true' }],
  serviceMonitor: { enabled: true, authorization: { credentials: { name: 'scrape', key: 'key' } } },
  prometheusRule: { enabled: true, labels: { release: 'prometheus' } },
  autoscaling: { enabled: true },
  ingress: { enabled: true, className: 'nginx', hosts: [{ host: 'push.example.com', paths: ['/'] }] },
  imagePullSecrets: [{ name: 'registry' }],
  nodeSelector: { disk: 'ssd' },
  tolerations: [{ key: 'dedicated', operator: 'Exists' }],
  podAnnotations: { a: 'b' },
  priorityClassName: 'high',
};
const variants = {
  'as it is': {},
  'with Redis': redis,
  'with everything': everything,
  'with everything, over Redis': { ...everything, config: { ...everything.config, ...redis.config } },
  'without a volume': { persistence: { enabled: false } },
};

describe('the Helm chart', needs('helm'), () => {
  test('helm lint has nothing to say', () => {
    const said = execFileSync('helm', ['lint', '--strict', `${DEPLOY}helm/martlet`], { encoding: 'utf8' });
    expect(said).toContain('1 chart(s) linted, 0 chart(s) failed');
  });

  test.each(Object.entries(variants))('%s is what Kubernetes expects', needs('kubernetes-validate'), (_, values) => {
    expect(schemaComplaints(template(values))).toBe('');
  });

  test('with the file queue each pod has a volume that outlives it, and that scaling down keeps', () => {
    const { spec } = only(template(), 'StatefulSet');
    expect(spec.volumeClaimTemplates[0].metadata.name).toBe('data');
    expect(spec.persistentVolumeClaimRetentionPolicy).toEqual({ whenDeleted: 'Retain', whenScaled: 'Retain' });
    const [container] = spec.template.spec.containers;
    expect(container.volumeMounts).toContainEqual({ name: 'data', mountPath: '/home/gorush/data' });
  });

  test.each(['redis', 'nats', 'nsq'])(
    'with %s the pods hold nothing: a Deployment without volumes of its own',
    (engine) => {
      const all = template({ config: { queue: { engine } } });
      expect(all.filter(({ kind }) => kind === 'StatefulSet')).toEqual([]);
      const { spec } = only(all, 'Deployment');
      expect(spec.template.spec.volumes).toContainEqual({ name: 'data', emptyDir: {} });
    },
  );

  test('a pod is given longer to end than the process takes', () => {
    for (const [shutdown_delay, shutdown_timeout, expected] of [
      [5, 30, 50],
      [0, 120, 135],
      [2.5, 0.2, 19],
    ]) {
      const { spec } = only(template({ config: { core: { shutdown_delay, shutdown_timeout } } }), 'StatefulSet');
      expect(spec.template.spec.terminationGracePeriodSeconds).toBe(expected);
    }
  });

  test('probes ask where the configuration says that answers are', () => {
    const config = { core: { ssl: true, port: 9443 }, api: { health_uri: '/health' } };
    const [container] = only(template({ config }), 'StatefulSet').spec.template.spec.containers;
    const probe = { port: 'http', scheme: 'HTTPS' };
    expect(container.ports).toEqual([{ name: 'http', containerPort: 9443 }]);
    expect(container.livenessProbe.httpGet).toEqual({ ...probe, path: '/health' });
    expect(container.startupProbe.httpGet).toEqual({ ...probe, path: '/health' });
    expect(container.readinessProbe.httpGet).toEqual({ ...probe, path: '/readyz' });
  });

  test('pods run without privileges, on a read-only root, and know nothing of the cluster', () => {
    const { spec } = only(template(), 'StatefulSet').spec.template;
    expect(spec).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
    expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000 });
    expect(spec.containers[0].securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  test('the autoscaler looks at a metric that there is, and takes away no pod whose volume may hold pushes', () => {
    const scaler = (values: object) =>
      only(template({ autoscaling: { enabled: true }, ...values }), 'HorizontalPodAutoscaler');
    const local = scaler({}).spec;
    expect(metricTable.map(({ name }) => name)).toContain(local.metrics[0].pods.metric.name);
    expect(local.scaleTargetRef.kind).toBe('StatefulSet');
    expect(local.behavior.scaleDown).toEqual({ selectPolicy: 'Disabled' });
    const shared = scaler(redis).spec;
    expect(shared.scaleTargetRef.kind).toBe('Deployment');
    expect(shared.behavior.scaleDown.selectPolicy).toBe(undefined);
    expect(only(template({ autoscaling: { enabled: true } }), 'StatefulSet').spec.replicas).toBe(undefined);
  });

  test(
    'its alerts are those of deploy/prometheus, about its own job, with the address of what to do',
    needs('promtool'),
    () => {
      const rules = (values: object) => only(template({ ...values }), 'PrometheusRule').spec;
      const own = parse(readFileSync(`${DEPLOY}prometheus/martlet.rules.yml`, 'utf8'));
      expect(template().filter(({ kind }) => kind === 'PrometheusRule')).toEqual([]);
      expect(rules({ prometheusRule: { enabled: true } })).toEqual(own);

      const runbookUrl = 'https://push.example.com/docs/guides/operations';
      const spec = rules({ prometheusRule: { enabled: true, runbookUrl }, fullnameOverride: 'push' });
      const urls = spec.groups.flatMap((group: { rules: { annotations?: { runbook_url?: string } }[] }) =>
        group.rules.flatMap(({ annotations }) => annotations?.runbook_url ?? []),
      );
      expect(urls.length).toBeGreaterThan(10);
      for (const url of urls)
        expect(url).toMatch(/^https:\/\/push\.example\.com\/docs\/guides\/operations#martlet\w+$/);
      expect(JSON.stringify(spec)).toContain('up{job=\\"push\\"}');
      const file = join(mkdtempSync(join(tmpdir(), 'martlet-rules-')), 'rules.yml');
      writeFileSync(file, stringify(spec));
      expect(execFileSync('promtool', ['check', 'rules', file], { encoding: 'utf8' })).toContain('SUCCESS');
    },
  );

  test('Service, budget and ServiceMonitor select the pods, and name a port that there is', () => {
    const all = template(everything);
    const { labels } = only(all, 'StatefulSet').spec.template.metadata;
    const service = only(all, 'Service');
    expect(labels).toMatchObject(service.spec.selector);
    expect(labels).toMatchObject(only(all, 'PodDisruptionBudget').spec.selector.matchLabels);
    const monitor = only(all, 'ServiceMonitor').spec;
    expect(service.metadata.labels).toMatchObject(monitor.selector.matchLabels);
    const ports = service.spec.ports.map(({ name }: { name: string }) => name);
    expect(ports).toEqual(['http', 'grpc']);
    expect(monitor.endpoints).toEqual([
      {
        port: 'http',
        path: '/metrics',
        interval: '15s',
        scheme: 'https',
        authorization: { credentials: { name: 'scrape', key: 'key' } },
      },
    ]);
  });

  test('the ConfigMap holds the configuration as given, and a change of it starts pods anew', () => {
    const parts = (values: object) => {
      const all = template(values);
      const pod = only(all, 'StatefulSet').spec.template;
      return { text: only(all, 'ConfigMap').data['config.yml'], sum: pod.metadata.annotations['checksum/config'] };
    };
    const [one, other] = [parts({}), parts({ config: { ios: { enabled: true, key_path: '/credentials/k.p8' } } })];
    expect(parse(one.text)).toEqual({
      core: { port: '8088', shutdown_delay: 5, shutdown_timeout: 30 },
      log: { format: 'json' },
    });
    expect(parse(other.text).ios).toEqual({ enabled: true, key_path: '/credentials/k.p8' });
    expect(one.sum).not.toBe(other.sum);
  });

  test.each([
    { replica: 3 },
    { config: { core: { shutdown_timeout: '30s' } } },
    { config: { queue: { engine: 'kafka' } } },
    { credentials: { secret: 'x' } },
  ])('values with a mistake are refused: %j', (values) => {
    expect(() => template(values)).toThrow(/values don't meet the specifications/);
  });
});
