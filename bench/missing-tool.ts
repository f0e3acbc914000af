/** A program that a row needs is not installed. The other rows go on. */
export class MissingToolError extends Error {
  override readonly name = 'MissingToolError';

  constructor(tool: string, debianPackage: string) {
    super(`${tool} is not installed (Debian, Ubuntu: apt-get install ${debianPackage})`);
  }
}
