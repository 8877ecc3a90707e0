import { type ButaneTranslation, translateButane } from './translate.ts';

/**
 * A Butane config that stands where an Ignition config is expected: Ignition translates one itself, without local files, and not
 * one for OpenShift, which is made into a MachineConfig. Pure; never throws.
 */
export function translateForIgnition(text: string): ButaneTranslation {
  const translation = translateButane(text, { compresses: false, target: 'host' });
  const { ignition, root, spec } = translation;
  if (ignition === undefined) return translation;
  if (spec?.openshift === undefined) {
    root.child('variant').inform('is-butane', 'Ignition reads Butane from version 2.27 on');
    return translation;
  }
  const message = 'Ignition makes a MachineConfig of the variant openshift, and cannot read that';
  root
    .child('variant')
    .error(
      'unsupported-language',
      message,
      'name the file *.bu; its Ignition config is that of "berth convert --to ignition"',
    );
  return { ...translation, ignition: undefined };
}
