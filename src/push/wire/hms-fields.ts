/** `huawei_notification`, as go-hms-push 1.0.1 (push/model/message_hm.go) decodes it. Ranges are checked when sending. */
import { boolean, integer, list, object, string } from './go-types.ts';
import { struct } from './struct.ts';

const strings = list(string, '');

const clickAction = struct({ type: integer, intent: string, action: string, url: string, rich_resource: string });

const light = struct({
  // Integers here, unlike FCM's: 0.5 is a mistake.
  color: struct({ alpha: integer, red: integer, green: integer, blue: integer }),
  light_on_duration: string,
  light_off_duration: string,
});

export const hmsNotification = struct({
  title: string,
  body: string,
  icon: string,
  color: string,
  sound: string,
  default_sound: boolean,
  tag: string,
  click_action: clickAction,
  body_loc_key: string,
  body_loc_args: strings,
  title_loc_key: string,
  title_loc_args: strings,
  multi_lang_key: object,
  channel_id: string,
  notify_summary: string,
  image: string,
  style: integer,
  big_title: string,
  big_body: string,
  auto_clear: integer,
  notify_id: integer,
  group: string,
  badge: struct({ add_num: integer, set_num: integer, class: string }),
  ticker: string,
  auto_cancel: boolean,
  importance: string,
  use_default_vibrate: boolean,
  use_default_light: boolean,
  vibrate_config: strings,
  visibility: string,
  light_settings: light,
  foreground_show: boolean,
});
