/** Who a notification is for. */
import type { NotificationDoc } from '../../notifications/notification-doc.ts';
import type { RecipientsDoc } from '../../notifications/recipients-doc.ts';

/** `to` of a notification, normalised: every list is there. */
export interface Audience {
  readonly users: readonly string[];
  readonly teams: readonly string[];
  readonly roles: readonly string[];
  readonly topics: readonly string[];
  readonly devices: readonly string[];
  readonly everyone: boolean;
  readonly except: readonly string[];
}

export const audienceOf = ({ to }: Pick<NotificationDoc, 'to'>): Audience => ({ ...NO_ONE, ...to });

const NO_ONE: Audience = {
  ...{ users: [], teams: [], roles: [], topics: [], devices: [], everyone: false, except: [] },
};

const isEmpty = (list: readonly string[] | undefined): boolean => !list || list.length === 0;

/** It is for people by their ids, and for no one else. */
export const isByName = ({ teams, roles, topics, devices, everyone }: RecipientsDoc): boolean =>
  !everyone && isEmpty(teams) && isEmpty(roles) && isEmpty(topics) && isEmpty(devices);

export const isToOne = (to: RecipientsDoc): boolean => to.users?.length === 1 && isByName(to);

/** A person that a notification is for. */
export interface Addressee {
  readonly user: string;
  /** Reached by push at these devices only, since nothing but a device was named: `to.devices`, or a topic of the device's own. */
  readonly only?: readonly string[];
}

export interface AudiencePage {
  readonly people: readonly Addressee[];
  /** The id after which the next page begins; absent: this was the last one. */
  readonly next?: string;
}
