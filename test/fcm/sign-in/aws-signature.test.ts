import { expect, test } from 'vitest';
import { type AwsRequest, signAwsRequest } from '../../../src/fcm/sign-in/aws-signature.ts';

const DOCS = { id: 'AKIDEXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const IN_2015 = Date.UTC(2015, 7, 30, 12, 36, 0);

/** The keys and signatures of golang.org/x/oauth2/google/externalaccount/aws_test.go. */
const GOOGLE = {
  id: 'ASIARD4OQDT6A77FR3CL',
  secret: 'Y8AfSaucF37G4PpvfguKZ3/l7Id4uocLXxX0+VTx',
  sessionToken:
    'IQoJb3JpZ2luX2VjEIz//////////wEaCXVzLWVhc3QtMiJGMEQCIH7MHX/Oy/OB8OlLQa9GrqU1B914+iMikqWQW7vPCKlgAiA/Lsv8Jcafn14owfxXn95FURZNKaaphj0ykpmS+Ki+CSq0AwhlEAAaDDA3NzA3MTM5MTk5NiIMx9sAeP1ovlMTMKLjKpEDwuJQg41/QUKx0laTZYjPlQvjwSqS3OB9P1KAXPWSLkliVMMqaHqelvMF/WO/glv3KwuTfQsavRNs3v5pcSEm4SPO3l7mCs7KrQUHwGP0neZhIKxEXy+Ls//1C/Bqt53NL+LSbaGv6RPHaX82laz2qElphg95aVLdYgIFY6JWV5fzyjgnhz0DQmy62/Vi8pNcM2/VnxeCQ8CC8dRDSt52ry2v+nc77vstuI9xV5k8mPtnaPoJDRANh0bjwY5Sdwkbp+mGRUJBAQRlNgHUJusefXQgVKBCiyJY4w3Csd8Bgj9IyDV+Azuy1jQqfFZWgP68LSz5bURyIjlWDQunO82stZ0BgplKKAa/KJHBPCp8Qi6i99uy7qh76FQAqgVTsnDuU6fGpHDcsDSGoCls2HgZjZFPeOj8mmRhFk1Xqvkbjuz8V1cJk54d3gIJvQt8gD2D6yJQZecnuGWd5K2e2HohvCc8Fc9kBl1300nUJPV+k4tr/A5R/0QfEKOZL1/k5lf1g9CREnrM8LVkGxCgdYMxLQow1uTL+QU67AHRRSp5PhhGX4Rek+01vdYSnJCMaPhSEgcLqDlQkhk6MPsyT91QMXcWmyO+cAZwUPwnRamFepuP4K8k2KVXs/LIJHLELwAZ0ekyaS7CptgOqS7uaSTFG3U+vzFZLEnGvWQ7y9IPNQZ+Dffgh4p3vF4J68y9049sI6Sr5d5wbKkcbm8hdCDHZcv4lnqohquPirLiFQ3q7B17V9krMPu3mz1cg4Ekgcrn/E09NTsxAqD8NcZ7C7ECom9r+X3zkDOxaajW6hu3Az8hGlyylDaMiFfRbBJpTIlxp7jfa7CxikNgNtEKLH9iCzvuSg2vhA==',
};
const IN_2020 = Date.UTC(2020, 7, 11, 6, 55, 22);
const TABLE =
  '{"KeySchema":[{"KeyType":"HASH","AttributeName":"Id"}],"TableName":"TestTable","AttributeDefinitions":[{"AttributeName":"Id","AttributeType":"S"}],"ProvisionedThroughput":{"WriteCapacityUnits":5,"ReadCapacityUnits":5}}';

const { sessionToken: _, ...WITHOUT_SESSION } = GOOGLE;

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html, and Google's. */
const cases: [string, AwsRequest, typeof GOOGLE | typeof DOCS, string, number, string, string][] = [
  [
    "AWS's example",
    {
      method: 'GET',
      url: 'https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08',
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    },
    ...([DOCS, 'us-east-1', IN_2015, 'content-type;host;x-amz-date'] as const),
    '5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
  ],
  [
    'a query and a session token',
    { method: 'GET', url: 'https://ec2.us-east-2.amazonaws.com?Action=DescribeRegions&Version=2013-10-15' },
    ...([GOOGLE, 'us-east-2', IN_2020, 'host;x-amz-date;x-amz-security-token'] as const),
    '631ea80cddfaa545fdadb120dc92c9f18166e38a5c47b50fab9fce476e022855',
  ],
  [
    'GetCallerIdentity with a session token',
    { method: 'POST', url: 'https://sts.us-east-2.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15' },
    ...([GOOGLE, 'us-east-2', IN_2020, 'host;x-amz-date;x-amz-security-token'] as const),
    '73452984e4a880ffdc5c392355733ec3f5ba310d5e0609a89244440cadfe7a7a',
  ],
  [
    'GetCallerIdentity without one',
    { method: 'POST', url: 'https://sts.us-east-2.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15' },
    ...([WITHOUT_SESSION, 'us-east-2', IN_2020, 'host;x-amz-date'] as const),
    'd095ba304919cd0d5570ba8a3787884ee78b860f268ed040ba23831d55536d56',
  ],
  [
    'a body and more headers',
    {
      method: 'POST',
      url: 'https://dynamodb.us-east-2.amazonaws.com/',
      headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'DynamoDB_20120810.CreateTable' },
      body: TABLE,
    },
    ...([GOOGLE, 'us-east-2', IN_2020, 'content-type;host;x-amz-date;x-amz-security-token;x-amz-target'] as const),
    'fdaa5b9cc9c86b80fe61eaf504141c0b3523780349120f2bd8145448456e0385',
  ],
];

test.each(cases)('%s has the signature that AWS expects', (_, request, keys, region, now, names, signature) => {
  const { authorization, ...headers } = signAwsRequest(request, keys, region, now);
  const service = new URL(request.url).host.split('.', 1)[0];
  const day = new Date(now).toISOString().slice(0, 10).replaceAll('-', '');
  expect(authorization).toBe(
    `AWS4-HMAC-SHA256 Credential=${keys.id}/${day}/${region}/${service}/aws4_request, SignedHeaders=${names}, Signature=${signature}`,
  );
  expect(Object.keys(headers).sort().join(';')).toBe(names);
});

test('parameters are signed in order, and as RFC 3986 escapes them', () => {
  const signed = (query: string) =>
    signAwsRequest({ method: 'GET', url: `https://sts.amazonaws.com/?${query}` }, DOCS, 'us-east-1', IN_2015);
  expect(signed('b=2&a=1&a=0')).toEqual(signed('a=0&a=1&b=2'));
  expect(signed('a=%27%28x%29')).toEqual(signed("a='(x)"));
  expect(signed('a=1').authorization).not.toBe(signed('a=2').authorization);
});
