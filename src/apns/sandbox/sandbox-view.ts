import type { AnyPayload, DeliveryView } from '../../sandbox/deliveries.ts';

/** How deliveries to iPhones are shown. */
export const apnsView: DeliveryView = {
  showsHeader: (name) => name.startsWith('apns-'),
  text(payload: AnyPayload) {
    const alert = payload?.aps?.alert;
    return typeof alert === 'object' ? { title: alert.title, body: alert.body } : { body: alert };
  },
};
