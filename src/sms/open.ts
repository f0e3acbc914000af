import type { OpenProvider, ProviderServices, TransportPlan } from '../carrier/provider-row.ts';
import { toMs } from '../kit/seconds.ts';
import { answerCallback } from './callback.ts';
import type { SmsSection } from './section.ts';
import { smsCodes, smsLogin } from './settings.ts';
import { createSmsTransport } from './transport.ts';

/** Requests under way at a time; Twilio asks for no more than 100 of an account. */
const CONNECTIONS = 50;

/** SMS for the process. */
export function openSms({ outbound, late, replied, publicUrl }: ProviderServices): OpenProvider<SmsSection> {
  // Only an account's own token signs callbacks; with an API key alone a forged one would look the same.
  const callback = (app: string, section: SmsSection): string | undefined =>
    publicUrl === undefined || section.auth_token === ''
      ? undefined
      : `${publicUrl}/v1/callbacks/sms/${encodeURIComponent(app)}/status`;
  return {
    transport: ({ app, section }: TransportPlan<SmsSection>) =>
      createSmsTransport({
        dispatcher: outbound.dispatcher,
        requestTimeoutMs: toMs(section.request_timeout),
        connections: CONNECTIONS,
        endpoint: section.endpoint,
        accountSid: section.account_sid,
        login: smsLogin(section),
        sender: { from: section.from, messagingServiceSid: section.messaging_service_sid },
        maxSegments: section.max_segments,
        validity: section.validity,
        codes: smsCodes(section.codes),
        statusCallback: callback(app, section),
      }),
    callback: async (request) =>
      answerCallback(request, { late, replied, codes: smsCodes(request.section.codes), publicUrl }),
  };
}
