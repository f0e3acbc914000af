/**
 * Numbers of a device's token (`Device.token_rev`): each PUT or POST that brings it counts one up. Where a device has another token, or was
 * not there, they begin at one that is drawn by lot, so that what is said late of a former token never seems to be about the present one.
 */
import crypto from 'node:crypto';

/** Numbers of one token. One that is brought more often seems to be another one from then on: a verdict about it is not believed once. */
const SPAN = 2 ** 16;
const BEGINNINGS = 2 ** 31;

/** Never that of a row that a former version has made: those began at 1. */
export const firstRev = (): number => crypto.randomInt(1, BEGINNINGS) * SPAN;

/** Whether a device has had one token all along from one of these numbers to the other. */
export const isSameToken = (one: number, other: number): boolean => Math.floor(one / SPAN) === Math.floor(other / SPAN);
