/**
 * @typedef {object} Provider one that this relay knows, as it says itself
 * @property {number} number
 * @property {string} platform
 * @property {string} name
 * @property {{ platform: string, provider: string }} title
 * @property {boolean} hasEnvironments false: there is one
 * @property {'target' | 'field' | 'none'} topic what the topic of a push is
 * @property {string} target one for the sandbox; empty: any will do
 */

/** @type {readonly Provider[]} */
let known = [];

/** @param {readonly Provider[]} providers */
export function setProviders(providers) {
  known = providers;
}

export const allProviders = () => known;

/** @param {string} name */
const titleOf = (name) => known.find((each) => each.name === name)?.title.provider ?? name;

/**
 * Of a provider with one environment there is nothing more to say.
 * @param {string | undefined} provider
 * @param {string | undefined} environment
 */
export const place = (provider, environment) =>
  [provider && titleOf(provider), known.find(({ name }) => name === provider)?.hasEnvironments && environment]
    .filter(Boolean)
    .join(' ');
