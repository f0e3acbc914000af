/** Writes the generated pages of docs/, the dashboard, and the alerts of the chart. With `--check` it writes nothing and ends with 1, naming the stale ones. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { gorushProto } from '../src/grpc/gorush-proto.ts';
import { cliPage } from './pages/cli-page.ts';
import { configurationPage } from './pages/configuration-page.ts';
import { errorsPage } from './pages/errors-page.ts';
import { grafanaDashboard } from './pages/grafana-dashboard.ts';
import { metricsPage } from './pages/metrics-page.ts';
import { notificationPage } from './pages/notification-page.ts';
import { openApiPage } from './pages/openapi-page.ts';

const root = new URL('../', import.meta.url);
const pages: readonly { file: string; render: () => string }[] = [
  { file: 'docs/cli.md', render: cliPage },
  { file: 'docs/configuration.md', render: configurationPage },
  { file: 'docs/errors.md', render: errorsPage },
  { file: 'docs/metrics.md', render: metricsPage },
  { file: 'deploy/grafana/martlet.json', render: grafanaDashboard },
  // A chart reads no file beside its folder.
  {
    file: 'deploy/helm/martlet/files/martlet.rules.yml',
    render: () => readFileSync(new URL('deploy/prometheus/martlet.rules.yml', root), 'utf8'),
  },
  { file: 'docs/notification.md', render: notificationPage },
  { file: 'docs/openapi.json', render: openApiPage },
  { file: 'docs/gorush.proto', render: gorushProto },
];

const stale = pages
  .map(({ file, render }) => ({ file, url: new URL(file, root), content: render() }))
  .filter(({ url, content }) => !existsSync(url) || readFileSync(url, 'utf8') !== content);

if (process.argv.includes('--check')) {
  for (const { file } of stale) console.error(`${file} is stale: run npm run docs`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else
  for (const { file, url, content } of stale) {
    writeFileSync(url, content);
    console.log(`wrote ${file}`);
  }
