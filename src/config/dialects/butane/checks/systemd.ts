import type { Place } from '../../../place.ts';
import { quadletTemplate } from '../sugar/quadlets.ts';
import type { TracedRecord } from '../traced.ts';
import type { Check } from './check.ts';

/** What Podman's generator reads (podman-systemd.unit(5)). */
const quadletTypes = ['container', 'volume', 'network', 'kube', 'image', 'build', 'pod', 'artifact'];

export const systemdChecks: Readonly<Record<string, Check>> = {
  unit: checkSources,
  dropin: checkSources,
  quadlet: (quadlet, place) => {
    const name = quadlet.text('name') ?? '';
    if (!quadletTypes.some((type) => name.endsWith(`.${type}`))) {
      place.child('name').error('invalid-value', `a quadlet's name ends with one of .${quadletTypes.join(', .')}`);
      return;
    }
    if (quadletTemplate(name) === undefined) {
      checkSources(quadlet, place);
      return;
    }
    for (const key of ['contents', 'contents_local'].filter((other) => quadlet.has(other))) {
      place.child(key).error('conflict', 'the instance of a template is a link, and has no contents', undefined, 'key');
    }
  },
};

function checkSources(unit: TracedRecord, place: Place): void {
  if (!unit.has('contents') || !unit.has('contents_local')) return;
  place
    .child('contents_local')
    .error('conflict', 'only one of "contents" and "contents_local" can be given', undefined, 'key');
}
