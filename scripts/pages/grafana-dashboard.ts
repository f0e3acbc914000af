import { hubRows } from '../grafana/hub-rows.ts';
import { machineRows } from '../grafana/machine-rows.ts';
import type { Panel, Row } from '../grafana/panel.ts';
import { pushRows } from '../grafana/push-rows.ts';

// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's own variable
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
const STAT_HEIGHT = 4;
const HEIGHT = 8;

function target([legend, expr]: Panel['queries'][number], index: number, { type, exemplars }: Panel): object {
  const instant = type === 'stat' || type === 'table';
  return {
    refId: String.fromCharCode('A'.charCodeAt(0) + index),
    datasource: DATASOURCE,
    expr,
    legendFormat: legend === '' ? '__auto' : legend,
    instant,
    range: !instant,
    ...(type === 'table' ? { format: 'table' } : {}),
    ...(exemplars ? { exemplar: true } : {}),
  };
}

function fieldConfig({ type, unit, stacked, thresholds, mappings }: Panel): object {
  const steps = (thresholds ?? [['green', null]]).map(([color, value]) => ({ color, value }));
  return {
    defaults: {
      unit: unit ?? 'short',
      min: type === 'stat' ? undefined : 0,
      thresholds: { mode: 'absolute', steps },
      ...(mappings ? { mappings: [{ type: 'value', options: mappings }] } : {}),
      ...(stacked ? { custom: { fillOpacity: 20, stacking: { mode: 'normal', group: 'A' } } } : {}),
    },
    overrides: [],
  };
}

const OPTIONS = {
  timeseries: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } },
  stat: { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'value', graphMode: 'area' },
  'state-timeline': { showValue: 'never', mergeValues: true, legend: { displayMode: 'list', placement: 'bottom' } },
  table: {},
} as const;

interface Place {
  x: number;
  y: number;
  /** Where the next line of panels begins. */
  below: number;
}

const WHOLE = 24;

function placed(panel: Panel, at: Place): object {
  const { type = 'timeseries', width: w = WHOLE / 2, title, description } = panel;
  const h = type === 'stat' && w < 8 ? STAT_HEIGHT : HEIGHT;
  if (at.x + w > WHOLE) Object.assign(at, { x: 0, y: at.below });
  const gridPos = { x: at.x, y: at.y, w, h };
  at.x += w;
  at.below = Math.max(at.below, at.y + h);
  return {
    type,
    title,
    ...(description ? { description } : {}),
    datasource: DATASOURCE,
    gridPos,
    fieldConfig: fieldConfig(panel),
    options: OPTIONS[type],
    targets: panel.queries.map((query, index) => target(query, index, panel)),
  };
}

/** Rows one below the other, their panels from left to right. */
function layOut(rows: readonly Row[]): object[] {
  const at: Place = { x: 0, y: 0, below: 0 };
  const panels = rows.flatMap(({ title, panels }) => {
    const gridPos = { x: 0, y: at.below, w: WHOLE, h: 1 };
    Object.assign(at, { x: 0, y: at.below + 1, below: at.below + 1 });
    return [{ type: 'row', title, collapsed: false, gridPos, panels: [] }, ...panels.map((panel) => placed(panel, at))];
  });
  return panels.map((panel, index) => ({ id: index + 1, ...panel }));
}

const variable = (name: string, label: string, query: string): object => ({
  name,
  label,
  type: 'query',
  datasource: DATASOURCE,
  definition: query,
  query: { query, refId: name },
  refresh: 2,
  sort: 1,
  multi: true,
  includeAll: true,
  allValue: '.*',
  current: { text: 'All', value: '$__all' },
});

/** deploy/grafana/martlet.json, to be imported in Grafana 10 or later. */
export function grafanaDashboard(): string {
  const dashboard = {
    title: 'Martlet',
    uid: 'martlet',
    description: 'Pushes, queue, lanes and process of Martlet. Every series is explained in docs/metrics.md.',
    tags: ['martlet', 'push'],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    templating: {
      list: [
        { name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus', current: {} },
        variable('instance', 'Instance', 'label_values(martlet_build_info, instance)'),
        variable('app', 'App', 'label_values(martlet_pushes_total, app)'),
      ],
    },
    panels: layOut([...pushRows, ...machineRows, ...hubRows]),
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}
