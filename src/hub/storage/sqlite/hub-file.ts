import type { FileKind } from '../../../kit/files/owned-file.ts';

/** `MltU`. */
export const HUB_FILE: FileKind = { name: "hub's store", id: 0x4d_6c_74_55, tables: {} };
