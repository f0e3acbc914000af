import type { OpenProvider, ProviderServices, TransportPlan } from '../carrier/provider-row.ts';
import { ConfigError } from '../kit/errors.ts';
import { late } from '../kit/late.ts';
import { toMs } from '../kit/seconds.ts';
import { mailbox } from './address.ts';
import { answerBounce } from './bounce.ts';
import { loadDkimKey } from './dkim-key.ts';
import type { Mailer } from './mailer.ts';
import type { EmailSection } from './section.ts';
import { EmailTransport } from './transport.ts';

const mailerModule = late('nodemailer', () => import('./mailer.ts'));

/** Mail for the process. nodemailer is loaded with the first mail. */
export function openEmail({ outbound, late: receipts }: ProviderServices): OpenProvider<EmailSection> {
  const transport = ({ app, section, trusted, own }: TransportPlan<EmailSection>): EmailTransport => {
    const from = mailbox(section.from);
    if (from === undefined) throw new ConfigError('email.from', 'must be an address, or Name <address>');
    const { dkim } = section;
    const key = loadDkimKey(dkim);
    // The operator's own server may be at a private address; a caller's of /v1/apps is at a public one only.
    const connect = outbound.connectTo(trusted || !own ? 'anywhere' : 'public');
    const mailer = async (): Promise<Mailer> => {
      const { openMailer } = await mailerModule();
      return openMailer({ ...section, connect, trust: outbound.trust(), dkim: key && { ...dkim, key } });
    };
    return new EmailTransport({
      app,
      from,
      replyTo: section.reply_to === '' ? undefined : mailbox(section.reply_to),
      mailer,
      connections: section.connections,
      requestTimeoutMs: toMs(section.request_timeout),
      bounces: section.bounces.secret !== '',
    });
  };

  return {
    transport,
    callback: async (request) => answerBounce(request, receipts),
    async tryCredential(plan) {
      const tried = transport(plan);
      try {
        return await tried.tryCredential();
      } finally {
        await tried.close();
      }
    },
  };
}
