/**
 * Fails when npm knows of a vulnerability in what is shipped, from moderate on: node scripts/audit-dependencies.ts. A registry that
 * does not answer such questions is told about and is no failure.
 */
import { spawnSync } from 'node:child_process';

interface Vulnerability {
  readonly severity: string;
  readonly range: string;
}

const SEVERE = new Set(['moderate', 'high', 'critical']);

const { stdout, stderr } = spawnSync('npm', ['audit', '--audit', '--omit=dev', '--json'], { encoding: 'utf8' });

function report(): { vulnerabilities?: Record<string, Vulnerability> } {
  try {
    return JSON.parse(stdout);
  } catch {
    return {};
  }
}

const { vulnerabilities } = report();
if (vulnerabilities) {
  const severe = Object.entries(vulnerabilities).filter(([, { severity }]) => SEVERE.has(severity));
  for (const [name, { severity, range }] of severe) console.error(`${name} ${range}: ${severity}`);
  console.log(`npm audit: ${severe.length} packages with a known vulnerability, moderate or worse`);
  process.exitCode = severe.length > 0 ? 1 : 0;
} else {
  // Its words, not its address.
  const [reason] = /\b(\d{3} [A-Z][\w ]+|E[A-Z]{4,})/.exec(stdout + stderr) ?? ['no answer'];
  console.log(`not audited: the registry does not answer npm audit (${reason})`);
}
