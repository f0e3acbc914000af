import type { AppRegistry } from '../../../apps/app-registry.ts';
import { type AppAdmin, AppChangeError } from '../../../apps/store/app-admin.ts';
import { fileAppView, storedAppView } from '../../../apps/store/app-view.ts';
import type { AppSync } from '../../../apps/store/sync-apps.ts';
import type { ProviderRow } from '../../../carrier/provider-row.ts';
import { auditChanges } from '../../../hub/storage/audit.ts';
import type { HubStore } from '../../../hub/storage/storage.ts';
import { isObject } from '../../../kit/is-object.ts';
import { flag, type Reader, textOf } from '../../../kit/json/readers.ts';
import type { JsonObject } from '../../../push/push.ts';
import { actorOf } from '../actor.ts';
import type { HubAnswer } from '../hub-answer.ts';
import { HubRefusal } from '../hub-refusal.ts';
import { type HubRequest, type HubRoute, hubRoute } from '../hub-route.ts';
import { type CredentialForm, credentialIn, formOf, SUPPORTED } from './credential-forms.ts';
import { readFields } from './push-fields.ts';

export interface NamespaceCredentialsParts {
  readonly store: Pick<HubStore, 'db' | 'write' | 'seal'>;
  readonly registry: AppRegistry;
  readonly sync: AppSync | undefined;
  readonly admin: AppAdmin;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

/** Bytes. */
const MAX_CREDENTIAL = 32_768;
const MAX_CONFIG = 16_384;
const always = (): boolean => true;

type View = Readonly<Record<string, unknown>>;

const invalid = (message: string): HubRefusal => new HubRefusal('invalid', message);

/** The credentials of an app, by the names and in the forms of the namespace API. */
class NamespaceCredentials {
  readonly #parts: NamespaceCredentialsParts;

  constructor(parts: NamespaceCredentialsParts) {
    this.#parts = parts;
  }

  readonly summary = async ({ app }: HubRequest): Promise<HubAnswer> => {
    const view = await this.#view(app);
    const configured = SUPPORTED.filter((name) => credentialIn(view, formOf(name) as CredentialForm));
    return { status: 200, body: { namespace: app, configured, supported: SUPPORTED } };
  };

  readonly read = async ({ app, params }: HubRequest): Promise<HubAnswer> =>
    this.#shown(app, String(params.provider), this.#form(params.provider));

  readonly put = async (request: HubRequest): Promise<HubAnswer> => {
    const { app, params, body } = request;
    const form = this.#form(params.provider);
    if (!isObject(body) || Object.keys(body).length === 0)
      throw invalid('the credential must be an object that is not empty');
    const given = body as JsonObject;
    const fault = form.fault(given);
    if (fault !== undefined) throw invalid(`credential validation failed: ${fault}`);
    await this.#save(request, { [form.platform]: form.section(given), ...form.settings?.(given) }, form.platform);
    await this.#note(request, 'push-credentials.updated', String(params.provider));
    return this.#shown(app, String(params.provider), form);
  };

  readonly remove = async (request: HubRequest): Promise<HubAnswer> => {
    const { app, params } = request;
    const form = this.#form(params.provider);
    if (credentialIn(await this.#view(app), form)) {
      await this.#admin(request).deleteProvider(app, this.#row(form.platform), always);
      await this.#note(request, 'push-credentials.deleted', String(params.provider));
    }
    return { status: 200, body: { namespace: app, provider: params.provider, configured: false } };
  };

  readonly config = async ({ app }: HubRequest): Promise<HubAnswer> => this.#configOf(app);

  readonly putConfig = async (request: HubRequest): Promise<HubAnswer> => {
    const { app, body } = request;
    readFields(configFields, body);
    const patch = configPatch(body as JsonObject);
    if (patch) {
      await this.#save(request, patch);
      await this.#note(request, 'push-config.updated', 'config');
    }
    return this.#configOf(app);
  };

  readonly removeConfig = async (request: HubRequest): Promise<HubAnswer> => {
    if ((await this.#view(request.app)) !== undefined) {
      await this.#admin(request).patch(request.app, { ntfy: null, expo: null }, always);
      await this.#note(request, 'push-config.deleted', 'config');
    }
    return { status: 200, body: { status: 'cleared' } };
  };

  #form(provider: string | undefined): CredentialForm {
    const form = formOf(provider ?? '');
    if (form) return form;
    throw invalid(`unsupported provider; supported: ${SUPPORTED.join(', ')}`);
  }

  #row(platform: string): ProviderRow {
    return this.#parts.registry.providers.ofPlatform(platform) as ProviderRow;
  }

  #admin({ principal }: HubRequest): AppAdmin {
    return principal?.apps ? this.#parts.admin.forSome() : this.#parts.admin;
  }

  /** Lays a patch over the app, or makes it. */
  async #save(request: HubRequest, patch: JsonObject, replaced?: string): Promise<void> {
    const admin = this.#admin(request);
    const { app, precondition } = request;
    try {
      // A credential is replaced whole: what a new one does not say is not that of the old one.
      if (replaced !== undefined && (await this.#view(app))?.[replaced] !== undefined) {
        const { [replaced]: section, ...rest } = patch;
        await admin.putProvider(app, this.#row(replaced), section, precondition, request.query.flag('probe'));
        if (Object.keys(rest).length > 0) await admin.patch(app, rest, always);
        return;
      }
      await admin.patch(app, patch, precondition);
    } catch (error) {
      if (!(error instanceof AppChangeError)) throw error;
      if (error.kind === 'invalid')
        throw new HubRefusal('invalid', rejected(error, replaced), { details: error.details });
      if (error.kind !== 'not_found') throw error;
      await admin.create(app, patch).catch((failed) => {
        if (failed instanceof AppChangeError && failed.kind === 'invalid')
          throw new HubRefusal('invalid', rejected(failed, replaced), { details: failed.details });
        throw failed;
      });
    }
  }

  async #view(app: string): Promise<View | undefined> {
    const { registry, sync } = this.#parts;
    await sync?.refresh().catch(() => {});
    const known = registry.get(app);
    if (known?.origin === 'file') return fileAppView(known);
    const stored = sync?.get(app);
    return stored && storedAppView(stored, registry.providers);
  }

  async #shown(app: string, provider: string, form: CredentialForm): Promise<HubAnswer> {
    const view = await this.#view(app);
    const section = credentialIn(view, form);
    const rev = Number(view?.version);
    return {
      status: 200,
      body: {
        ...{ namespace: app, provider, configured: section !== undefined },
        ...(section ? await this.#changed(app, provider, view) : {}),
        ...(section ? { redacted: form.redacted(section, view as JsonObject) } : {}),
      },
      ...(Number.isInteger(rev) ? { rev } : {}),
    };
  }

  async #configOf(app: string): Promise<HubAnswer> {
    const view = await this.#view(app);
    const [ntfy, expo] = ['ntfy', 'expo'].map((name) => credentialIn(view, formOf(name) as CredentialForm));
    const rev = Number(view?.version);
    return {
      status: 200,
      body: {
        namespace: app,
        ...(ntfy?.endpoint ? { ntfy_base_url: ntfy.endpoint } : {}),
        has_ntfy_auth_token: ntfy?.kind === 'access token',
        has_expo_access_token: expo?.has_key === true,
        ...(await this.#changed(app, 'config', view)),
      },
      ...(Number.isInteger(rev) ? { rev } : {}),
    };
  }

  /** When and by whom it was last changed. */
  async #changed(app: string, target: string, view: View | undefined): Promise<JsonObject> {
    const row = await this.#parts.store.db
      .selectFrom('audit')
      .select(['at', 'by'])
      .where('app', '=', app)
      .where('target', '=', `push:${target}`)
      .orderBy('at', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (row) return { updated_at: new Date(row.at).toISOString(), updated_by: row.by };
    return typeof view?.updated_at === 'string' ? { updated_at: view.updated_at } : {};
  }

  #note(request: HubRequest, action: string, target: string): Promise<void> {
    const { store, now } = this.#parts;
    const change = { app: request.app, at: now(), by: actorOf(request), action, target: `push:${target}` };
    return store.write((tx) => auditChanges(tx, store.seal, [change]));
  }
}

const rejected = ({ message }: AppChangeError, replaced: string | undefined): string =>
  replaced === undefined
    ? message.replace(/^ntfy\.endpoint/, 'ntfy_base_url rejected')
    : `credential validation failed: ${message}`;

const clearable: Reader<string> = textOf(4096);
const configFields = {
  ntfy_base_url: clearable,
  ntfy_auth_token: clearable,
  expo_access_token: clearable,
  has_ntfy_auth_token: flag,
  has_expo_access_token: flag,
};

/** Absent or null leaves a field, an empty text clears it. A server of one's own never gets another's token: they are one section. */
function configPatch({ ntfy_base_url, ntfy_auth_token, expo_access_token }: JsonObject): JsonObject | undefined {
  const cleared = (value: unknown) => (value === '' ? null : value);
  const ntfy = {
    ...(typeof ntfy_base_url === 'string' ? { endpoint: cleared(ntfy_base_url) } : {}),
    ...(typeof ntfy_auth_token === 'string' ? { token: cleared(ntfy_auth_token) } : {}),
  };
  const patch = {
    ...(Object.keys(ntfy).length > 0 ? { ntfy } : {}),
    ...(typeof expo_access_token === 'string' ? { expo: { access_token: cleared(expo_access_token) } } : {}),
  };
  return Object.keys(patch).length > 0 ? (patch as JsonObject) : undefined;
}

const CONFIG = '/v1/push/config';
const ALL = '/v1/namespace/push-credentials';
const ONE = '/v1/namespace/push-credentials/{provider}';

/** All of it is for administrators, reading too, as with /v1/apps. */
export function namespaceCredentialRoutes(parts: NamespaceCredentialsParts): readonly HubRoute[] {
  const own = new NamespaceCredentials(parts);
  const admin = { scope: 'admin', makesApp: true } as const;
  const changes = (path: string, maxBody: number, action: string, handle: HubRoute['handle']): HubRoute[] =>
    (['PUT', 'POST'] as const).map((method) => hubRoute({ ...admin, method, path, maxBody, action, handle }));
  return [
    hubRoute({ ...admin, method: 'GET', path: ALL, handle: own.summary }),
    hubRoute({ ...admin, method: 'GET', path: ONE, handle: own.read }),
    ...changes(ONE, MAX_CREDENTIAL, 'push-credentials.update', own.put),
    hubRoute({ ...admin, method: 'DELETE', path: ONE, action: 'push-credentials.delete', handle: own.remove }),
    hubRoute({ ...admin, method: 'GET', path: CONFIG, handle: own.config }),
    ...changes(CONFIG, MAX_CONFIG, 'push-config.update', own.putConfig),
    hubRoute({ ...admin, method: 'DELETE', path: CONFIG, action: 'push-config.delete', handle: own.removeConfig }),
  ];
}
