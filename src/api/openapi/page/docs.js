import { showSamples } from './samples.js';
import { showSearch } from './search.js';
import { signIn } from './sign-in.js';
import { offerTries } from './try-it.js';

/** What makes the page more than text. */
function start() {
  showSamples();
  showSearch();
  offerTries();
  const { hash } = location;
  if (hash.length > 1) document.getElementById(decodeURIComponent(hash.slice(1)))?.scrollIntoView();
}

if (document.getElementById('sign-in')) signIn(start);
else start();
