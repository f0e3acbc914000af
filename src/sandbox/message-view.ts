import type { AnyPayload, DeliveryView } from './deliveries.ts';

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';

/** Of FCM and HMS, whose payloads are alike: the more specific place overrides the other. */
export const messageView: DeliveryView = {
  text(payload: AnyPayload) {
    const places = [payload?.message?.android?.notification, payload?.message?.notification];
    return {
      title: places.map((place) => place?.title).find(isText),
      body: places.map((place) => place?.body).find(isText),
    };
  },
};
