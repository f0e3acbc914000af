/** The key or token of a header `Authorization`. `Token` is what Django REST framework's clients write. */
export const bearerOf = (authorization: string | undefined): string | undefined =>
  /^(?:bearer|token) +([^ \t]+) *$/i.exec(authorization ?? '')?.[1];
