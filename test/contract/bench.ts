import { type CredentialsFolder, makeCredentialsFolder } from './credentials-folder.ts';
import { openScriptedProviders, type ScriptedProviders } from './scripted-providers.ts';

/** What all cases of a test file share: stand-ins for the providers, and credentials that lead to them. */
export interface Bench {
  readonly providers: ScriptedProviders;
  readonly credentials: CredentialsFolder;
  close(): Promise<void>;
}

export async function openBench(): Promise<Bench> {
  const credentials = makeCredentialsFolder();
  const providers = await openScriptedProviders(credentials.authority);
  credentials.writeServiceAccount(`${providers.origins['oauth2.googleapis.com']}/token`);
  return {
    providers,
    credentials,
    async close() {
      await providers.close();
      credentials.remove();
    },
  };
}
