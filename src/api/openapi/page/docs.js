import { addCopyButtons, showSamples } from './samples.js';
import { showSearch } from './search.js';
import { signIn } from './sign-in.js';
import { offerTries } from './try-it.js';

/** What makes a page more than text: that of the API, and the guides. */
function start() {
  // By its tag, too: headings of guides have ids.
  if (document.querySelector('form#tools')) {
    showSamples();
    showSearch();
    offerTries();
  }
  addCopyButtons();
  const { hash } = location;
  if (hash.length > 1) document.getElementById(decodeURIComponent(hash.slice(1)))?.scrollIntoView();
}

if (document.querySelector('form#sign-in')) signIn(start);
else start();
