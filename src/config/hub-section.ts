import { ours, section, text } from './leaf.ts';

export const hubSection = section('What other systems have to know of this relay.', {
  public_url: text(
    '',
    'Where the paths of this relay are reached from outside: `https://push.example.com`, with a path if a proxy adds one. Providers are given addresses below it for what they report later; empty: they are given none.',
    {
      ...ours,
      pattern: '^(https?://[^\\s/?#@]+(/[^\\s?#]*)?)?$',
      wanted: 'an http:// or https:// address without query and user name',
    },
  ),
});
