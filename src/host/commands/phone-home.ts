import { readFile } from 'node:fs/promises';
import type { PhoneHomeConfig, PhoneHomeField } from '../../config/commands-config.ts';
import type { Clock } from '../../core/clock.ts';
import { BerthError } from '../../core/errors.ts';
import { causeOf } from '../../datasource/http-fetcher.ts';
import { askHttp } from '../../datasource/http-request.ts';
import { shownUrl } from '../../datasource/inline-seed.ts';
import { isMissing } from '../../engine/durable-file.ts';

export interface Caller {
  readonly instance: string;
  readonly hostname: string;
  readonly fqdn: string;
  /** Where the SSH server's public keys are. */
  readonly hostKeyDirectory: string;
}

const answerMs = 10_000;
const pauseMs = 3000;

/**
 * Posts what was asked for, as a form, until an answer is a good one or the tries are used up. Fields and address are
 * cloud-init's (`cc_phone_home`): what is not known is `N/A`. Throws HOST_REFUSED.
 */
export async function phoneHome(to: PhoneHomeConfig, caller: Caller, clock: Clock, signal: AbortSignal): Promise<void> {
  const body = (await formOf(to.post, caller)).toString();
  const url = to.url.replaceAll(/\$\{INSTANCE_ID\}|\$INSTANCE_ID/g, caller.instance);
  const tries = Math.max(1, to.tries);
  let why = '';
  for (let turn = 1; turn <= tries; turn += 1) {
    if (turn > 1) await clock.sleep(pauseMs, signal);
    why = await post(url, body, signal);
    if (why === '') return;
  }
  throw new BerthError('HOST_REFUSED', `${shownUrl(url)} was not told, in ${tries} tries: ${why}`);
}

/** @returns what went wrong; empty: nothing. */
async function post(url: string, body: string, signal: AbortSignal): Promise<string> {
  try {
    const answer = await askHttp(url, {
      ...{ method: 'POST', body, headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]),
    });
    answer.body.destroy();
    return answer.status >= 200 && answer.status < 300 ? '' : `the server answered ${answer.status}`;
  } catch (error) {
    signal.throwIfAborted();
    return causeOf(error);
  }
}

async function formOf(fields: readonly PhoneHomeField[], caller: Caller): Promise<URLSearchParams> {
  const form = new URLSearchParams();
  for (const field of fields) form.set(field, await valueOf(field, caller));
  return form;
}

async function valueOf(field: PhoneHomeField, caller: Caller): Promise<string> {
  switch (field) {
    case 'instance_id':
      return caller.instance;
    case 'hostname':
      return caller.hostname;
    case 'fqdn':
      return caller.fqdn;
    default:
      return await hostKey(`${caller.hostKeyDirectory}/ssh_host_${field.replace('pub_key_', '')}_key.pub`);
  }
}

async function hostKey(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return 'N/A';
    throw error;
  });
}
