const scope = (name: string): string => `https://www.googleapis.com/auth/${name}`;

/** To exchange a token for another one. */
export const CLOUD_SCOPE = scope('cloud-platform');

/** What Google's Go client asks for; a token for messaging alone would do as well, but not every policy knows that scope. */
export const SCOPES: readonly string[] = [
  CLOUD_SCOPE,
  ...['datastore', 'devstorage.full_control', 'firebase', 'identitytoolkit', 'userinfo.email'].map(scope),
];
