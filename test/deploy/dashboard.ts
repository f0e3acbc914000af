import { readFileSync } from 'node:fs';

interface Target {
  readonly expr: string;
  readonly legendFormat: string;
}
interface DashboardPanel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
}
interface Variable {
  readonly name: string;
  readonly definition?: string;
}
export interface Dashboard {
  readonly panels: readonly DashboardPanel[];
  readonly templating: { readonly list: readonly Variable[] };
}

export const dashboard: Dashboard = JSON.parse(
  readFileSync(new URL('../../deploy/grafana/martlet.json', import.meta.url), 'utf8'),
);

/** Every query of the dashboard as Grafana would send it, with all instances and apps chosen. */
export const dashboardQueries: readonly { readonly panel: string; readonly expr: string; readonly legend: string }[] =
  dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat }) => ({
      panel: title,
      legend: legendFormat,
      expr: expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*').replaceAll('$app', '.*'),
    })),
  );
