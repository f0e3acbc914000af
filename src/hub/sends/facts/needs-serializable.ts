/** A step depends on more than its transaction locks: it is to be done again in a serializable one. */
export class NeedsSerializable extends Error {
  constructor() {
    super('depends on more than is locked');
  }
}
