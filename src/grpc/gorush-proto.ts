import { readOwnFile } from '../kit/files/own-file.ts';

/**
 * The text of gorush.proto: package, services, messages and field numbers of Gorush v1.22, so that its clients work as they are.
 * Martlet's own are `optional` on badge (the same bytes, but 0 can be distinguished from absent) and field 1000. docs/gorush.proto is
 * a copy for those who generate a client (`npm run docs`).
 */
export const gorushProto = (): string => readOwnFile(new URL('./gorush.proto', import.meta.url));
