import { providers, providerTable } from '../../src/providers/registry.ts';
import {
  type Sandbox as AnySandbox,
  type SandboxOptions,
  startSandbox as start,
} from '../../src/providers/start-sandbox.ts';
import type { Environment } from '../../src/push/push.ts';

export type { SandboxOptions };

/** A service account as Google's console exports it. */
export interface ServiceAccount {
  readonly type: 'service_account';
  readonly project_id: string;
  readonly private_key_id: string;
  readonly private_key: string;
  readonly client_email: string;
  readonly client_id: string;
  readonly token_uri: string;
}

/** The simulated APNs, FCM and HMS, with what tests want to know of each by its name. */
export interface Sandbox extends AnySandbox {
  readonly apns: Readonly<Record<Environment, string>>;
  readonly fcm: string;
  readonly tokenUri: string;
  readonly hms: { readonly push: string; readonly auth: string };
  readonly credentials: {
    /** `p8` is the text of an AuthKey file (PKCS8 PEM). */
    readonly apns: { readonly p8: string; readonly keyId: string; readonly teamId: string };
    readonly fcm: ServiceAccount;
    readonly hms: { readonly appId: string; readonly appSecret: string };
  };
  signIns(): { readonly google: number; readonly huawei: number };
  revokeAccessTokens(): void;
}

export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const table = providerTable(providers.filter(({ number }) => number <= 3));
  const sandbox = await start({ providers: table, ...options });
  const settingsOf = (platform: string) =>
    sandbox.providers.get(platform)?.settings as Readonly<Record<string, string>>;
  const [ios, android, huawei] = ['ios', 'android', 'huawei'].map(settingsOf) as [
    Record<string, string>,
    Record<string, string>,
    Record<string, string>,
  ];
  const account = JSON.parse(android.credential as string) as ServiceAccount;
  const signIns = (platform: string): number => sandbox.providers.get(platform)?.signIns?.() ?? 0;
  return {
    ...sandbox,
    apns: { production: ios.endpoint as string, development: ios.sandbox_endpoint as string },
    fcm: android.endpoint as string,
    tokenUri: account.token_uri,
    hms: { push: huawei.endpoint as string, auth: huawei.auth_endpoint as string },
    credentials: {
      apns: {
        p8: Buffer.from(ios.key_base64 as string, 'base64').toString(),
        keyId: ios.key_id as string,
        teamId: ios.team_id as string,
      },
      fcm: account,
      hms: { appId: huawei.appid as string, appSecret: huawei.appsecret as string },
    },
    signIns: () => ({ google: signIns('android'), huawei: signIns('huawei') }),
    revokeAccessTokens() {
      for (const provider of sandbox.providers.values()) provider.revokeTokens?.();
    },
  };
}
