import type { IncomingMessage } from 'node:http';

/** Takes the connection of a request out of those of callers, as one that will last. False: there are as many of those as may be. */
export type TakeStreamPlace = () => boolean;

const PLACE = Symbol('the place of a request that will not end soon');

interface Offered {
  [PLACE]?: TakeStreamPlace;
}

/** Called where connections are counted, for every request. */
export function offerStreamPlace(req: IncomingMessage, take: TakeStreamPlace): void {
  (req as Offered)[PLACE] = take;
}

/** For a request whose answer lasts as long as its client wants. May be called again. */
export const takeStreamPlace = (req: IncomingMessage): boolean => (req as Offered)[PLACE]?.() ?? true;
