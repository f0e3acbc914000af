import type { ServerResponse } from 'node:http';
import type { Devices } from '../../hub/devices/devices.ts';
import { importDevices } from '../../hub/devices/import-devices.ts';
import { actorOf } from './actor.ts';
import { HubRefusal } from './hub-refusal.ts';
import { type HubRoute, hubRoute } from './hub-route.ts';
import { writePiece } from './write-piece.ts';

export interface DeviceStreamParts {
  readonly devices: Devices;
}

const NDJSON = 'application/x-ndjson';

/** A connection that ends meanwhile ends the stream: what was taken stays taken. */
const write = (res: ServerResponse, rows: readonly object[]): Promise<boolean> =>
  writePiece(res, NDJSON, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));

/** Devices by the million, a line of JSON each, in constant memory: in, and out again without their tokens. */
export const deviceStreamRoutes = ({ devices }: DeviceStreamParts): readonly HubRoute[] => [
  hubRoute({
    ...{ method: 'POST', path: '/v1/devices/import', scope: 'users', body: 'stream', action: 'devices.import' },
    async handle(request) {
      const { app, req, res } = request;
      const [type] = (req.headers['content-type'] ?? NDJSON).split(';', 1);
      if (type?.trim().toLowerCase() !== NDJSON)
        throw new HubRefusal('unprocessable', `the body must be ${NDJSON}`, {
          details: [{ path: 'Content-Type', reason: `must be ${NDJSON}` }],
        });
      const importing = importDevices(devices, { app, by: actorOf(request) }, req);
      for (let next = await importing.next(); ; next = await importing.next()) {
        const isOpen = await write(res, next.done ? [next.value] : next.value);
        if (next.done || !isOpen) break;
      }
      res.end();
      return undefined;
    },
  }),
  hubRoute({
    ...{ method: 'GET', path: '/v1/devices/export', scope: 'users', action: 'devices.export' },
    async handle({ app, res }) {
      await write(res, []);
      for await (const rows of devices.all(app)) if (!(await write(res, rows))) break;
      res.end();
      return undefined;
    },
  }),
];
