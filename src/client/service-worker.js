// The service worker of martlet/client: shows the pushes of a Martlet, and leads a click to where they point.
// Serve this file as it is, at the root of your site, or import it: importScripts('/martlet-service-worker.js').

/** The form is that of Declarative Web Push: https://www.w3.org/TR/push-api/ and docs/webpush.md. */
async function show(push) {
  const { notification = {}, app_badge: badge } = push;
  const { title = '', navigate, data = {}, ...shown } = notification;
  // A browser hands back the name of a button, and nothing else of it.
  const targets = Object.fromEntries((shown.actions ?? []).map((button) => [button.action, button.navigate]));
  await registration.showNotification(title, { ...shown, data: { ...data, navigate, targets } });
  if (badge !== undefined && navigator.setAppBadge)
    await (badge > 0 ? navigator.setAppBadge(badge) : navigator.clearAppBadge());
  await tellPages({ martlet: 'push', notification });
}

/** Pages of the site that are open hear of it: `navigator.serviceWorker.addEventListener('message', …)`. */
async function tellPages(message) {
  for (const page of await clients.matchAll({ type: 'window', includeUncontrolled: true })) page.postMessage(message);
}

self.addEventListener('push', (event) => {
  let push;
  try {
    push = event.data?.json();
  } catch {
    push = undefined;
  }
  // A browser that is shown nothing shows something of its own, and takes the permission away after a few.
  event.waitUntil(show(push ?? { notification: { title: event.data?.text() ?? '' } }));
});

self.addEventListener('notificationclick', (event) => {
  const { notification, action } = event;
  notification.close();
  const target = notification.data?.targets?.[action] ?? notification.data?.navigate;
  event.waitUntil(
    (async () => {
      await tellPages({ martlet: 'click', action, data: notification.data });
      if (!target) return;
      const pages = await clients.matchAll({ type: 'window', includeUncontrolled: true });
      const there = pages.find(({ url }) => url === new URL(target, location.href).href);
      await (there ? there.focus() : clients.openWindow(target));
    })(),
  );
});

self.addEventListener('pushsubscriptionchange', (event) => {
  // The page registers it again when it is open next; until then the old one is reported dead.
  event.waitUntil(tellPages({ martlet: 'subscription' }));
});
