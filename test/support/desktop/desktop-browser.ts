/** Chromium on a desktop, with a profile of its own: without one it has neither Web Push nor clicks on notifications. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, type CDPSession, chromium } from 'playwright-core';
import { programPath } from '../requirements.ts';
import { type Desktop, openDesktop } from './desktop.ts';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-component-update', '--disable-sync'];

export interface DesktopBrowser extends AsyncDisposable {
  readonly context: BrowserContext;
  readonly desktop: Desktop;
  /** Hands a push to the service worker of a site, as the browser does when its push service brings one. */
  deliver(origin: string, data: string): Promise<void>;
}

interface Registrations {
  readonly registrations: readonly {
    readonly registrationId: string;
    readonly scopeURL: string;
    readonly isDeleted: boolean;
  }[];
}

/** Of the service worker of a site, once there is one. */
async function registrationOf(cdp: CDPSession, origin: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  cdp.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }: Registrations) => {
    const found = registrations.find(({ scopeURL, isDeleted }) => scopeURL.startsWith(`${origin}/`) && !isDeleted);
    if (found) resolve(found.registrationId);
  });
  await cdp.send('ServiceWorker.enable');
  return promise;
}

export async function openDesktopBrowser(): Promise<DesktopBrowser> {
  const desktop = await openDesktop();
  const profile = mkdtempSync(join(tmpdir(), 'martlet-profile-'));
  const { DBUS_SESSION_BUS_ADDRESS } = desktop;
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: programPath('chromium') as string,
    args: FLAGS,
    env: { ...process.env, DBUS_SESSION_BUS_ADDRESS },
  });
  return {
    context,
    desktop,
    async deliver(origin, data) {
      const page = context.pages()[0] ?? (await context.newPage());
      const cdp = await context.newCDPSession(page);
      const registrationId = await registrationOf(cdp, origin);
      await cdp.send('ServiceWorker.deliverPushMessage', { origin, registrationId, data });
      await cdp.detach();
    },
    async [Symbol.asyncDispose]() {
      await context.close();
      await desktop[Symbol.asyncDispose]();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
