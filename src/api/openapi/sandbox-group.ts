import { type ApiGroup, type ApiSettings, count, guide, json, record, ref, text } from './api-group.ts';

/** What the simulated devices got: served with `sandbox.enabled`. */
export const sandboxGroup = ({ providers }: ApiSettings): ApiGroup => ({
  tag: {
    name: 'Sandbox',
    description: 'With `sandbox.enabled`: what arrived at the simulated providers.',
    ...guide('sandbox', 'The sandbox'),
  },
  paths: {
    '/sandbox/deliveries': {
      get: {
        operationId: 'sandboxDeliveries',
        summary: 'The last pushes that arrived, newest first',
        parameters: [
          {
            name: 'limit',
            in: 'query',
            description: 'How many at most.',
            schema: { type: 'integer', minimum: 0, default: 100 },
            example: 10,
          },
        ],
        responses: { 200: json('What the devices got.', ref('Deliveries')) },
      },
    },
  },
  schemas: {
    Deliveries: record({
      total: count('Arrived since the start.'),
      deliveries: { type: 'array', items: ref('Delivery'), maxItems: 1000 },
    }),
    Delivery: record(
      {
        at: text('', { format: 'date-time' }),
        platform: text('', { enum: providers.platforms }),
        environment: text('', { enum: ['production', 'development'] }),
        kind: text('', { enum: ['token', 'topic', 'condition'] }),
        target: text('The device token, topic or condition.'),
        id: text("The provider's id: apns-id, FCM name, HMS request id."),
        headers: { type: 'object', additionalProperties: { type: 'string' } },
        payload: { description: 'As the provider received it.' },
      },
      { title: text('As the device shows it.'), body: text('As the device shows it.') },
    ),
  },
});
