import { type SecuritySchemes, securitySchemes, withAccess } from './access.ts';
import type { ApiGroup, ApiSettings, Operation, PathItem } from './api-group.ts';
import { appsGroup } from './apps-group.ts';
import { consoleGroup } from './console-group.ts';
import { historyGroup } from './history-group.ts';
import { analyticsGroup } from './hub/analytics-group.ts';
import { devicesGroup } from './hub/devices-group.ts';
import { djangoGroup } from './hub/django-group.ts';
import { engagementsGroup } from './hub/engagements-group.ts';
import { escalationsGroup } from './hub/escalations-group.ts';
import { inboxGroup } from './hub/inbox-group.ts';
import { incidentsGroup } from './hub/incidents-group.ts';
import { instancesGroup } from './hub/instances-group.ts';
import { linksGroup } from './hub/links-group.ts';
import { namespaceGroup } from './hub/namespace-group.ts';
import { notificationsGroup } from './hub/notifications-group.ts';
import { peopleGroup } from './hub/people-group.ts';
import { pushCredentialsGroup } from './hub/push-credentials-group.ts';
import { schedulesGroup } from './hub/schedules-group.ts';
import { streamsGroup } from './hub/streams-group.ts';
import { tasksGroup } from './hub/tasks-group.ts';
import { tokensGroup } from './hub/tokens-group.ts';
import { oneTypeEach } from './one-type-each.ts';
import { processGroup } from './process-group.ts';
import { pushGroup } from './push-group.ts';
import { sandboxGroup } from './sandbox-group.ts';
import { statGroup } from './stat-group.ts';

export type TaggedOperation = Operation & { readonly tags: readonly string[] };

export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly tags: readonly ApiGroup['tag'][];
  readonly paths: { readonly [path: string]: { readonly [method: string]: TaggedOperation } };
  readonly components: {
    readonly securitySchemes?: SecuritySchemes;
    readonly schemas: NonNullable<ApiGroup['schemas']>;
  };
}

const HEADERS = {
  'X-Gorush-Version': { description: 'The version of Gorush that is spoken.', schema: { type: 'string' } },
  'X-Martlet-Version': { description: "Martlet's version.", schema: { type: 'string' } },
};

const DESCRIPTION = `A push notification relay that speaks Gorush's language. Errors have the form \`{"code": 400, "message": "…"}\`, with
\`details\` where there is more to say. What is served elsewhere by the \`api.*\` keys of the configuration is shown where it is served.`;

const groupsOf = (settings: ApiSettings): ApiGroup[] => [
  pushGroup(settings),
  ...(settings.history ? [historyGroup()] : []),
  ...(settings.hub
    ? [
        ...[
          notificationsGroup(),
          incidentsGroup(),
          escalationsGroup(),
          tasksGroup(),
          schedulesGroup(),
          peopleGroup(),
          devicesGroup(),
          inboxGroup(),
        ],
        ...[engagementsGroup(), analyticsGroup(), streamsGroup(), linksGroup(), instancesGroup(), tokensGroup()],
        ...[djangoGroup(settings.hubTest), namespaceGroup(), pushCredentialsGroup()],
      ]
    : []),
  appsGroup(settings),
  ...(settings.console ? [consoleGroup()] : []),
  statGroup(settings),
  processGroup(settings),
  ...(settings.sandbox ? [sandboxGroup(settings)] : []),
];

function complete(operation: Operation, tag: string): TaggedOperation {
  const responses = Object.entries(operation.responses).map(([status, answer]) => [
    status,
    { ...answer, headers: { ...answer.headers, ...HEADERS } },
  ]);
  return { tags: [tag], ...operation, responses: Object.fromEntries(responses) };
}

/** The HTTP API as an OpenAPI 3.1 document. */
export function openApiDocument(settings: ApiSettings, version: string): OpenApiDocument {
  const groups = groupsOf(settings);
  const access = withAccess(settings);
  const described = (path: string, item: PathItem, tag: string) =>
    Object.fromEntries(
      Object.entries(item).map(([method, operation]) => [method, complete(access(method, path, operation), tag)]),
    );
  const paths = groups.flatMap(({ tag, paths }) =>
    Object.entries(paths).map(([path, item]) => [path, described(path, item, tag.name)] as const),
  );
  return oneTypeEach({
    openapi: '3.1.0',
    info: { title: 'Martlet', version, description: DESCRIPTION },
    tags: groups.map(({ tag }) => tag),
    paths: Object.fromEntries(paths),
    components: {
      ...(settings.auth ? { securitySchemes: securitySchemes(settings) } : {}),
      schemas: Object.assign({}, ...groups.map(({ schemas }) => schemas)),
    },
  });
}
