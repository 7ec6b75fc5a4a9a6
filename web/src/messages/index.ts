import { apiKeys, device, region, signIn, signUp, tenant } from './account.ts';
import { automation, schedules, webhooks } from './automation.ts';
import { capsule, gallery, install, permission } from './catalogue.ts';
import { audit, usage } from './evidence.ts';
import { failure } from './failure.ts';
import { kept, permissions, secrets, settings } from './installation.ts';
import { palette, shell } from './shell.ts';
import { lacking, layers, members, ownCapsules, publisherKeys, publishing, versionStatus } from './tenant.ts';
import { form, installations, run, runs } from './work.ts';

/** Every word the app says. One object a language, one type for all: a missing or misspelt key does not compile. */
export const m = {
  shell,
  palette,
  failure,
  gallery,
  capsule,
  permission,
  install,
  signIn,
  signUp,
  region,
  tenant,
  device,
  apiKeys,
  lacking,
  members,
  publishing,
  ownCapsules,
  publisherKeys,
  layers,
  versionStatus,
  installations,
  settings,
  permissions,
  secrets,
  kept,
  run,
  runs,
  automation,
  schedules,
  webhooks,
  form,
  usage,
  audit,
};
